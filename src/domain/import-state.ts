/** Whether a database holds what was wanted, by what the harvester exports. */
import * as z from "zod";
import type { DataConfiguration } from "./data-configuration.ts";

/** How the export of a database compares with what was wanted. */
export type ImportState = "empty" | "complete" | "part";

const entries = z.array(z.looseObject({ identifier: z.string() }));
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const parameters = z.record(z.string(), scalar).nullish();

/** What is compared of an export: a list that was started carries `nextRun`, which is none of it. */
const exportSchema = z.object({
  organisations: z.array(z.object({ identifier: z.string(), resources: entries.nullish() })).nullish(),
  jobConfigurations: z.array(z.object({ identifier: z.string(), jobName: z.string(), parameters })).nullish(),
  jobLists: z
    .array(z.object({ identifier: z.string(), jobConfigurations: z.array(z.string()).nullish() }))
    .nullish(),
});

type Exported = z.infer<typeof exportSchema>;
type Entry<K extends keyof Exported> = NonNullable<Exported[K]>[number];

/** Compares what the harvester exports with the wanted document; order and added fields don't matter. */
export function compareImport(wanted: DataConfiguration, exported: unknown): ImportState {
  const got = exportSchema.safeParse(exported);
  if (!got.success) return "part";
  const { organisations, jobConfigurations, jobLists } = got.data;
  const found = [organisations ?? [], jobConfigurations ?? [], jobLists ?? []] as const;
  if (found.every((part) => part.length === 0)) return "empty";
  const same =
    sameSet(wanted.organisations.map(organisationKey), found[0].map(organisationKey)) &&
    sameSet(wanted.jobConfigurations.map(jobKey), found[1].map(jobKey)) &&
    sameSet(wanted.jobLists.map(listKey), found[2].map(listKey));
  return same ? "complete" : "part";
}

function organisationKey(item: Entry<"organisations">): string {
  const resources = (item.resources ?? []).map((entry) => entry.identifier).sort();
  return JSON.stringify([item.identifier, resources]);
}

function jobKey(item: Entry<"jobConfigurations">): string {
  const values = Object.entries(item.parameters ?? {}).map(([key, value]) => [key, asText(value)]);
  return JSON.stringify([item.identifier, item.jobName, values.sort()]);
}

/** The harvester makes a text of each parameter, of `1.0` another one than we: numbers are compared as such. */
function asText(value: z.infer<typeof scalar>): string {
  const text = String(value);
  return text.trim() !== "" && Number.isFinite(Number(text)) ? String(Number(text)) : text;
}

function listKey(item: Entry<"jobLists">): string {
  return JSON.stringify([item.identifier, item.jobConfigurations ?? []]);
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  const known = new Set(other);
  return one.length === other.length && one.every((item) => known.has(item));
}
