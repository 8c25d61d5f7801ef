/**
 * What the harvester can't load though its shape is right, as far as the document can be read at all. Its database is
 * MySQL with the collation utf8_general_ci, and what it refuses may be half loaded by then: so it is told before.
 */
import * as z from "zod";
import type { Problem } from "../errors.ts";

const name = z.string().catch("");
const resource = z.looseObject({ identifier: name });
const organisation = z.looseObject({ identifier: name, resources: z.array(resource).catch([]) });
const job = z.looseObject({ identifier: name });
const list = z.looseObject({ identifier: name, jobConfigurations: z.array(name).catch([]) });

/** What can be read of a document, each part on its own: one that can't be is undefined. */
const partsSchema = z.object({
  organisations: z.array(organisation).optional().catch(undefined),
  jobConfigurations: z.array(job).optional().catch(undefined),
  jobLists: z.array(list).optional().catch(undefined),
});

type Parts = z.infer<typeof partsSchema>;
/** An entry of the document and its place. */
type Placed = readonly [where: string, item: Record<string, unknown> & { identifier: string }];

export function contentProblems(json: unknown, wantedLists: readonly string[]): Problem[] {
  const { success, data } = partsSchema.safeParse(json);
  if (!success) return [];
  const organisations = placed("organisations", data.organisations);
  // An organisation that is there twice is one mistake, whatever it holds.
  const names = (data.organisations ?? []).map(({ identifier }) => asStored(identifier));
  const firsts = new Map(names.map((name, index) => [name, index] as const).reverse());
  const resources = (data.organisations ?? []).flatMap(({ identifier, resources: items }, index) =>
    firsts.get(asStored(identifier)) === index ? placed(`organisations[${index}].resources`, items) : [],
  );
  const jobs = placed("jobConfigurations", data.jobConfigurations);
  const lists = placed("jobLists", data.jobLists);
  return [
    ...[organisations, resources, jobs, lists].flatMap(duplicates),
    ...[...organisations, ...resources].flatMap((item) => wideCharacters(item, describedBy)),
    ...[...jobs, ...lists].flatMap((item) => wideCharacters(item, ["identifier", "description"])),
    ...jobs.flatMap(wideParameters),
    ...jobs.flatMap((item) => runState(item, ["id", "jobStatus", "jobExitCode", "lastJobExecution"])),
    ...lists.flatMap((item) => runState(item, ["id", "nextRun", "status", "currentJob"])),
    ...lists.flatMap(dots),
    ...brokenReferences(data),
    ...missingLists(data, wantedLists),
  ];
}

function placed(where: string, items: readonly Placed[1][] = []): Placed[] {
  return items.map((item, index) => [`${where}[${index}]`, item]);
}

/** As the database compares identifiers: case and blanks at the end don't count. */
const asStored = (identifier: string) => identifier.replace(/ +$/, "").toLowerCase();

function duplicates(items: readonly Placed[]): Problem[] {
  const first = new Map<string, Placed>();
  return items.flatMap(([where, item]): Problem[] => {
    const { identifier } = item;
    const before = first.get(asStored(identifier));
    if (!before) first.set(asStored(identifier), [where, item]);
    if (!before || identifier === "") return [];
    const [place, other] = before;
    if (other.identifier === identifier)
      return [{ where, what: `identifier "${identifier}" appears twice (${place}); remove one` }];
    const what = `identifier "${identifier}" is the same as "${other.identifier}" (${place}) for the database`;
    return [{ where, what: `${what}: case and trailing blanks don't count; rename one` }];
  });
}

/** What the harvester stores of organisations and resources; fields that it doesn't know it leaves out. */
const describedBy = [
  ...["identifier", "title", "abbreviation", "description", "bibliographicCitation", "subject", "creator"],
  ...["creatorEmail", "publisherName", "publisherEmail", "logoUrl", "commentsEmailedTo", "uri"],
  ...["license", "rights", "rightsHolder", "accessRights"],
];

const wide = /[\u{10000}-\u{10FFFF}]/u;

function wideCharacters([where, item]: Placed, fields: readonly string[]): Problem[] {
  return fields.flatMap((field) => wideText(`${where}.${field}`, item[field]));
}

function wideParameters([where, { parameters }]: Placed): Problem[] {
  if (typeof parameters !== "object" || parameters === null) return [];
  return Object.entries(parameters).flatMap(([key, value]) =>
    [key, value as unknown].flatMap((text) => wideText(`${where}.parameters.${key}`, text)),
  );
}

function wideText(where: string, text: unknown): Problem[] {
  const [found] = (typeof text === "string" && wide.exec(text)) || [];
  if (found === undefined) return [];
  return [
    { where, what: `holds "${found}", a four-byte character, which the database can't store; replace it` },
  ];
}

/** A list that is `Running` in the document is wedged from the start, one with a `nextRun` starts by itself. */
function runState([where, item]: Placed, fields: readonly string[]): Problem[] {
  return fields
    .filter((field) => (item[field] ?? undefined) !== undefined)
    .map((field) => ({
      where: `${where}.${field}`,
      what: "is a harvester's own run state, which the import would load; remove it",
    }));
}

/** `GET /job/list/weekly.1` answers for `weekly`. */
function dots([where, { identifier }]: Placed): Problem[] {
  if (!identifier.includes(".")) return [];
  const what = `"${identifier}" has a dot, at which the harvester cuts off a list's name; rename it`;
  return [{ where: `${where}.identifier`, what }];
}

/** A list that names a missing job spoils the harvester's database for good: refused before. */
function brokenReferences({ jobConfigurations, jobLists = [] }: Parts): Problem[] {
  if (!jobConfigurations || jobConfigurations.some(({ identifier }) => identifier === "")) return [];
  const jobs = new Set(jobConfigurations.map((item) => item.identifier));
  return jobLists.flatMap((item, index) => {
    const seen = new Set<string>();
    return item.jobConfigurations.flatMap((name, position) => {
      const where = `jobLists[${index}].jobConfigurations[${position}]`;
      if (name === "") return [];
      if (!jobs.has(name))
        return [{ where, what: `there is no job "${name}"; add it or take it off the list` }];
      if (seen.has(name)) return [{ where, what: `job "${name}" is on the list twice; remove one` }];
      seen.add(name);
      return [];
    });
  });
}

function missingLists({ jobLists }: Parts, wanted: readonly string[]): Problem[] {
  if (!jobLists) return [];
  const known = jobLists.map((item) => item.identifier);
  return wanted
    .filter((name) => !known.includes(name))
    .map((name) => ({
      where: "jobLists",
      what: `there is no list "${name}" (JOB_LIST); the document has ${known.map((item) => `"${item}"`).join(", ") || "none"}`,
    }));
}
