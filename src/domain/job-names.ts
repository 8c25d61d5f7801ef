/** What the data configuration calls its jobs: names for people; empty where it can't be read. */
import * as z from "zod";

const schema = z.object({
  jobConfigurations: z.array(
    z.object({ identifier: z.string(), description: z.string().nullish(), jobName: z.string().nullish() }),
  ),
  jobLists: z.array(z.object({ identifier: z.string(), jobConfigurations: z.array(z.string()) })),
});

export interface JobNames {
  /** Descriptions by identifier. */
  names: Map<string, string>;
  /** Jobs that read no source. */
  indexes: Set<string>;
  /** Places in each list, from 1. */
  positions: Map<string, Map<string, number>>;
}

export function jobNames(document: Uint8Array | undefined): JobNames {
  const found: JobNames = { names: new Map(), indexes: new Set(), positions: new Map() };
  const { success, data } = schema.safeParse(parse(document));
  if (!success) return found;
  for (const { identifier, description, jobName } of data.jobConfigurations) {
    if (description) found.names.set(identifier, description);
    if (jobName === "ReIndex") found.indexes.add(identifier);
  }
  for (const { identifier, jobConfigurations } of data.jobLists)
    found.positions.set(identifier, new Map(jobConfigurations.map((job, index) => [job, index + 1])));
  return found;
}

function parse(document: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(document));
  } catch {
    return undefined;
  }
}
