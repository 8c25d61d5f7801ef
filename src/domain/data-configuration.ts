/** The data configuration document: its shape, checked before anything is loaded. */
import { isUtf8 } from "node:buffer";
import * as z from "zod";
import { toDotPath } from "zod/v4/core";
import type { Problem } from "../errors.ts";
import { contentProblems } from "./data-checks.ts";

/** The longest text that most columns of the harvester's database take. */
const maxText = 255;

const identifier = z.string().min(1);
const short = z.string().max(maxText);
const title = short.min(1);
/** What the harvester's JSON reader makes a text of. */
const scalar = z.union([z.string(), z.number(), z.boolean()]);

const resource = z.looseObject({
  identifier,
  title,
  uri: title,
  resourceType: title,
  organisation: z.string().nullish(),
});
const organisation = z.looseObject({
  identifier,
  title,
  abbreviation: title,
  resources: z.array(resource),
});
const job = z.looseObject({
  identifier,
  description: scalar.nullish(),
  jobName: z.enum(["DarwinCoreArchiveHarvesting", "ReIndex"]),
  parameters: z.record(z.string(), scalar),
});
const list = z.looseObject({
  identifier,
  description: short,
  jobConfigurations: z.array(identifier).min(1),
});

const dataConfigurationSchema = z.looseObject({
  organisations: z.array(organisation),
  jobConfigurations: z.array(job),
  jobLists: z.array(list),
});

export type DataConfiguration = z.infer<typeof dataConfigurationSchema>;

export interface CheckedData {
  data: DataConfiguration | undefined;
  problems: Problem[];
  /** What is odd but harmless: production's own document has some of these. */
  warnings: string[];
}

const maxProblems = 20;

/** Reads and checks a document; `where` names it in problems, `wantedLists` are the lists that will be started. */
export function checkDataConfiguration(
  bytes: Uint8Array,
  where: string,
  wantedLists: readonly string[],
): CheckedData {
  const nothing = (what: string) => ({ data: undefined, problems: [{ where, what }], warnings: [] });
  if (!isUtf8(bytes)) return nothing("is not UTF-8 text; save it as UTF-8 JSON");
  const text = new TextDecoder().decode(bytes);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return nothing(`${notJson(text, error)}; check what the URL really serves`);
  }
  const parsed = dataConfigurationSchema.safeParse(json);
  const shape = (parsed.error?.issues ?? []).map((issue) => ({
    where: toDotPath(issue.path),
    what: `${issueText(issue)}; correct the document`,
  }));
  const problems = [...shape, ...contentProblems(json, wantedLists)];
  const warnings = parsed.data ? danglingNames(parsed.data) : [];
  return { data: parsed.data, problems: told(problems, where), warnings };
}

/** The first problems, each with the document's name before its place; how many more there are. */
function told(problems: readonly Problem[], where: string): Problem[] {
  const first = problems.slice(0, maxProblems).map((problem) => ({
    where: problem.where === "" ? where : `${where}: ${problem.where}`,
    what: problem.what,
  }));
  const more = problems.length - first.length;
  return more > 0 ? [...first, { where, what: `has ${more} more problems; correct these first` }] : first;
}

/** Why a text is no JSON, as far as possible without its own words. */
function notJson(text: string, error: unknown): string {
  if (text.trim() === "") return "is empty";
  if (text.trimStart().startsWith("<")) return "is a web page, not JSON";
  const reason = error instanceof Error ? (/^[^"]*/.exec(error.message)?.[0] ?? "") : "";
  return /end of JSON/.test(reason)
    ? "is not JSON: it ends too early"
    : `is not JSON (${reason.replace(/,? *$/, "")})`;
}

const object = "an object";
const kinds: Record<string, string> = { array: "a list", object, record: object, string: "text" };

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_small") return "is empty";
  if (issue.code === "too_big") return `is longer than ${maxText} characters, more than the database holds`;
  if (issue.code === "invalid_union") return "must be text";
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`;
  if (issue.code !== "invalid_type") return issue.message;
  const expected = kinds[issue.expected] ?? issue.expected;
  return issue.message.includes("received undefined")
    ? `is missing; it must be ${expected}`
    : `must be ${expected}`;
}

/**
 * Names of organisations that aren't there. The harvester goes by the organisation that a resource is written under
 * and copes with the rest; production's own document has some of both, so an operator is told and nothing is refused.
 */
function danglingNames({ organisations, jobConfigurations }: DataConfiguration): string[] {
  const known = new Set(organisations.map(({ identifier }) => identifier));
  const missing = (name: unknown): name is string => typeof name === "string" && !known.has(name);
  const told = (what: string, name: string) =>
    `${what} names organisation "${name}", which is not in the document`;
  const resources = organisations.flatMap((item) =>
    item.resources.flatMap(({ identifier, organisation }) =>
      missing(organisation) ? [told(`resource ${identifier} of ${item.identifier}`, organisation)] : [],
    ),
  );
  const jobs = jobConfigurations.flatMap(({ identifier, parameters }) => {
    const authority = parameters["authority.name"];
    return missing(authority) ? [told(`job ${identifier}`, authority)] : [];
  });
  return [...resources, ...jobs];
}

/** `48 organisations, 83 jobs, 1 list`. */
export function summary({ organisations, jobConfigurations, jobLists }: DataConfiguration): string {
  const lists = jobLists.length === 1 ? "1 list" : `${jobLists.length} lists`;
  return `${organisations.length} organisations, ${jobConfigurations.length} jobs, ${lists}`;
}
