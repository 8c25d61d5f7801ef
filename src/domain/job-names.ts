/** What the data configuration calls its jobs: names for people; empty where it can't be read. */
import * as z from "zod";
import { parseJson } from "./json.ts";

const schema = z.object({
  jobConfigurations: z.array(
    z.object({ identifier: z.string(), description: z.string().nullish(), jobName: z.string().nullish() }),
  ),
  jobLists: z.array(z.object({ identifier: z.string(), jobConfigurations: z.array(z.string()) })),
});

export type JobNames = ReturnType<typeof jobNames>;

export function jobNames(document: Uint8Array | undefined) {
  const { data } = schema.safeParse(parseJson(new TextDecoder().decode(document)));
  const { jobConfigurations: jobs = [], jobLists = [] } = data ?? {};
  return {
    /** Descriptions by identifier. */
    names: new Map(
      jobs.flatMap(({ identifier, description }) => (description ? [[identifier, description]] : [])),
    ),
    /** Jobs that read no source. */
    indexes: new Set(jobs.filter(({ jobName }) => jobName === "ReIndex").map(({ identifier }) => identifier)),
    /** Places in each list, from 1. */
    positions: new Map(
      jobLists.map((list) => [
        list.identifier,
        new Map(list.jobConfigurations.map((job, index) => [job, index + 1])),
      ]),
    ),
  };
}
