/** What the data configuration calls its jobs: names for people; empty where it can't be read. */
import * as z from "zod";
import { parseJson } from "./json.ts";
import { shownUrl } from "./shown-url.ts";

const text = z.string().nullish().catch(undefined);
const resource = z.object({ identifier: z.string(), uri: text });

const schema = z.object({
  organisations: z.array(z.object({ resources: z.array(resource).catch([]) })).catch([]),
  jobConfigurations: z.array(
    z.object({
      identifier: z.string(),
      description: text,
      jobName: text,
      parameters: z.record(z.string(), z.unknown()).catch({}),
    }),
  ),
  jobLists: z.array(z.object({ identifier: z.string(), jobConfigurations: z.array(z.string()) })),
});

export interface JobNames {
  /** Descriptions by identifier. */
  names: Map<string, string>;
  /** Jobs that read no source. */
  indexes: Set<string>;
  /** URLs of what the jobs read, as they may be shown. */
  archives: Map<string, string>;
  /** Places in each list, from 1. */
  positions: Map<string, Map<string, number>>;
}

/** The names of a document; `redact` makes what it says safe to keep and to cut. */
export function jobNames(document: Uint8Array | undefined, redact = (text: string) => text): JobNames {
  const found: JobNames = { names: new Map(), indexes: new Set(), archives: new Map(), positions: new Map() };
  const { success, data } = schema.safeParse(parseJson(new TextDecoder().decode(document)));
  if (!success) return found;
  const resources = data.organisations.flatMap((item) => item.resources);
  const uris = new Map(resources.map(({ identifier, uri }) => [identifier, uri]));
  for (const { identifier, description, jobName, parameters } of data.jobConfigurations) {
    const { "authority.uri": given, "resource.identifier": named } = parameters;
    const archive = typeof given === "string" ? given : uris.get(String(named));
    if (archive) found.archives.set(identifier, redact(shownUrl(archive)));
    if (description) found.names.set(identifier, redact(description));
    if (jobName === "ReIndex") found.indexes.add(identifier);
  }
  for (const { identifier, jobConfigurations } of data.jobLists)
    found.positions.set(identifier, new Map(jobConfigurations.map((job, index) => [job, index + 1])));
  return found;
}
