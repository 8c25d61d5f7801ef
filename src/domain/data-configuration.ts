/** The data configuration document: shape and references, checked before anything is loaded. */
import * as z from "zod";
import type { Problem } from "../errors.ts";

const identifier = z.string().min(1);

const resource = z.looseObject({ identifier, organisation: identifier.optional() });
const organisation = z.looseObject({
  identifier,
  title: z.string().optional(),
  resources: z.array(resource).optional(),
});
const job = z.looseObject({
  identifier,
  description: z.string().optional(),
  jobName: z.enum(["DarwinCoreArchiveHarvesting", "ReIndex"]),
  parameters: z.record(z.string(), z.string()).optional(),
});
const list = z.looseObject({
  identifier,
  description: z.string().optional(),
  jobConfigurations: z.array(identifier).min(1),
});

const dataConfigurationSchema = z.looseObject({
  organisations: z.array(organisation),
  jobConfigurations: z.array(job),
  jobLists: z.array(list),
});

export type DataConfiguration = z.infer<typeof dataConfigurationSchema>;
type JobConfiguration = DataConfiguration["jobConfigurations"][number];

export interface CheckedData {
  data: DataConfiguration | undefined;
  problems: Problem[];
  /** What is odd but harmless: production's own document has some of these. */
  warnings: string[];
}

const mostProblems = 20;

/** Reads and checks a document; `where` names it in problems, `wantedLists` are the lists that will be started. */
export function checkDataConfiguration(
  bytes: Uint8Array,
  where: string,
  wantedLists: readonly string[],
): CheckedData {
  const nothing = (what: string): CheckedData => ({
    data: undefined,
    problems: [{ where, what }],
    warnings: [],
  });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return nothing("is not UTF-8 text; save it as UTF-8 JSON");
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return nothing(`${notJson(text, error)}; check what the URL really serves`);
  }
  const parsed = dataConfigurationSchema.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => ({
      where: pathText(issue.path),
      what: `${issueText(issue)}; mend the document`,
    }));
    return { data: undefined, problems: told(problems, where), warnings: [] };
  }
  const problems = [
    ...duplicates(parsed.data),
    ...brokenReferences(parsed.data),
    ...missingLists(parsed.data, wantedLists),
  ];
  return { data: parsed.data, problems: told(problems, where), warnings: danglingNames(parsed.data) };
}

/** The first problems, each with the document's name before its place; how many more there are. */
function told(problems: readonly Problem[], where: string): Problem[] {
  const first = problems.slice(0, mostProblems).map((problem) => ({
    where: problem.where === "" ? where : `${where}: ${problem.where}`,
    what: problem.what,
  }));
  const more = problems.length - first.length;
  return more > 0 ? [...first, { where, what: `has ${more} more problems; mend these first` }] : first;
}

/** Why a text is no JSON, as far as possible without its own words. */
function notJson(text: string, error: unknown): string {
  if (text.trim() === "") return "is empty";
  if (text.trimStart().startsWith("<")) return "is a web page, not JSON";
  const reason = error instanceof Error ? (/^[^"]*/.exec(error.message)?.[0] ?? "") : "";
  return /end of JSON/.test(reason)
    ? "is not JSON: it breaks off"
    : `is not JSON (${reason.replace(/,? *$/, "")})`;
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_small") return "is empty";
  if (issue.code === "invalid_value") return `is none of ${issue.values.map(String).join(", ")}`;
  if (issue.code !== "invalid_type") return issue.message;
  const wanted: Record<string, string> = {
    array: "a list",
    object: "an object",
    record: "an object",
    string: "text",
  };
  const expected = wanted[issue.expected] ?? issue.expected;
  return issue.message.includes("received undefined")
    ? `is missing; it is ${expected}`
    : `must be ${expected}`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

function duplicates(data: DataConfiguration): Problem[] {
  const kinds = [
    ["organisations", data.organisations],
    ["jobConfigurations", data.jobConfigurations],
    ["jobLists", data.jobLists],
  ] as const;
  return kinds.flatMap(([kind, items]) => {
    const names = items.map((item) => item.identifier);
    return names.flatMap((name, index) =>
      names.indexOf(name) === index
        ? []
        : [{ where: `${kind}[${index}]`, what: `identifier "${name}" is there twice; remove one` }],
    );
  });
}

/** A list that names a missing job spoils the harvester's database for good: refused before. */
function brokenReferences(data: DataConfiguration): Problem[] {
  const jobs = new Set(data.jobConfigurations.map((item) => item.identifier));
  return data.jobLists.flatMap((item, index) =>
    item.jobConfigurations.flatMap((name, position) => {
      const where = `jobLists[${index}].jobConfigurations[${position}]`;
      if (!jobs.has(name))
        return [{ where, what: `there is no job "${name}"; add it or take it off the list` }];
      if (item.jobConfigurations.indexOf(name) === position) return [];
      return [{ where, what: `job "${name}" is on the list twice; remove one` }];
    }),
  );
}

function missingLists(data: DataConfiguration, wanted: readonly string[]): Problem[] {
  const known = data.jobLists.map((item) => item.identifier);
  return wanted
    .filter((name) => !known.includes(name))
    .map((name) => ({
      where: "jobLists",
      what: `there is no list "${name}" (JOB_LIST); the document has ${known.map((item) => `"${item}"`).join(", ") || "none"}`,
    }));
}

/**
 * Names of organisations that aren't there. The harvester goes by the organisation that a resource is written under
 * and copes with the rest; production's own document has some of both, so an operator is told and nothing is refused.
 */
function danglingNames({ organisations, jobConfigurations }: DataConfiguration): string[] {
  const known = new Set(organisations.map(({ identifier }) => identifier));
  const missing = (name: string | undefined): name is string => name !== undefined && !known.has(name);
  const told = (what: string, name: string) =>
    `${what} names organisation "${name}", which is not in the document`;
  const resources = organisations.flatMap((item) =>
    (item.resources ?? []).flatMap(({ identifier, organisation }) =>
      missing(organisation) ? [told(`resource ${identifier} of ${item.identifier}`, organisation)] : [],
    ),
  );
  const jobs = jobConfigurations.flatMap(({ identifier, parameters }) => {
    const authority = parameters?.["authority.name"];
    return missing(authority) ? [told(`job ${identifier}`, authority)] : [];
  });
  return [...resources, ...jobs];
}

/** `48 organisations, 83 jobs, 1 list`. */
export function summary({ organisations, jobConfigurations, jobLists }: DataConfiguration): string {
  const lists = jobLists.length === 1 ? "1 list" : `${jobLists.length} lists`;
  return `${organisations.length} organisations, ${jobConfigurations.length} jobs, ${lists}`;
}

/** How the export of a database compares with what was wanted. */
export type ImportState = "empty" | "complete" | "part";

/** Compares what the harvester exports with the wanted document; order and added fields don't matter. */
export function compareImport(wanted: DataConfiguration, exported: unknown): ImportState {
  const got = dataConfigurationSchema.partial().safeParse(exported);
  if (!got.success) return "part";
  const { organisations = [], jobConfigurations = [], jobLists = [] } = got.data;
  if (organisations.length + jobConfigurations.length + jobLists.length === 0) return "empty";
  const same =
    sameSet(wanted.organisations.map(organisationKey), organisations.map(organisationKey)) &&
    sameSet(wanted.jobConfigurations.map(jobKey), jobConfigurations.map(jobKey)) &&
    sameSet(wanted.jobLists.map(listKey), jobLists.map(listKey));
  return same ? "complete" : "part";
}

function organisationKey(item: DataConfiguration["organisations"][number]): string {
  const resources = (item.resources ?? []).map((entry) => entry.identifier).sort();
  return JSON.stringify([item.identifier, resources]);
}

function jobKey(item: JobConfiguration): string {
  return JSON.stringify([item.identifier, item.jobName, Object.entries(item.parameters ?? {}).sort()]);
}

function listKey(item: DataConfiguration["jobLists"][number]): string {
  return JSON.stringify([item.identifier, item.jobConfigurations]);
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  const known = new Set(other);
  return one.length === other.length && one.every((item) => known.has(item));
}
