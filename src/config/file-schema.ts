import { z } from "zod";
import type { Mapping } from "../domain/dns-records.ts";
import { nearest } from "../domain/nearest.ts";
import { quote } from "./setting.ts";
import { fileKeyOf, settingNames, settingOf } from "./settings-table.ts";

// Every scalar of these files comes as text (see yaml-file.ts); the table's kinds check it further.

const scalar = z.string();
const scalarOrList = z.union([scalar, z.array(scalar)]);

/** Text that `check` finds nothing wrong with. */
const checked = (check: (text: string) => string | undefined) =>
  scalar.superRefine((text, context) => {
    const message = check(text);
    if (message !== undefined) context.addIssue({ code: "custom", message: `${quote(text)} ${message}` });
  });

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const recordLabel = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

function hostProblem(name: string): string | undefined {
  if (!name.endsWith(".")) return `must end with a dot; write ${name}.`;
  if (name !== name.toLowerCase()) return `must be in small letters; write ${name.toLowerCase()}`;
  const parts = name.slice(0, -1).split(".");
  const valid = parts.length > 1 && name.length <= 254 && parts.every((part) => recordLabel.test(part));
  return valid ? undefined : "is not a host name; write one like prod.example.org.";
}

const labelProblem = (what: string, example: string) => (text: string) =>
  label.test(text) ? undefined : `is not ${what} (at most 63 of a-z, 0-9 and -); write one like ${example}`;

const mapping = z.object({
  zone: checked(labelProblem("the name of a managed zone", "prod-example-org")),
  name: checked(hostProblem),
  service: checked(labelProblem("the name of a Service", "ingress")),
});

const mappings = z.array(mapping).superRefine((list, context) => {
  list.forEach(({ name }, index) => {
    const first = list.findIndex((other) => other.name === name);
    if (first === index) return;
    const message = `${quote(name)} is there twice, first at dns[${first}]; remove one`;
    context.addIssue({ code: "custom", path: [index, "name"], message });
  });
});

const fileNames = settingNames.filter((name) => settingOf(name).environmentOnly !== true);

/** builder.yaml: every key is known. */
const builderFile = z.strictObject({
  ...Object.fromEntries(fileNames.map((name) => [fileKeyOf(name), scalarOrList.optional()])),
  dns: mappings.min(1).optional(),
  gates: z.strictObject({ minShare: scalar.optional(), sentinels: scalarOrList.optional() }).optional(),
  jobLists: scalarOrList.optional(),
});

/** dns-mappings.yaml of the original chart: what else it may hold is nobody's business. */
const mappingsFile = z.object({ dns: mappings.min(1) });

export interface BuilderFile {
  dns?: Mapping[] | undefined;
  /** Settings of the table, by environment variable: the key in the file and the text. */
  texts: Map<string, { key: string; text: string }>;
}

type Checked<T> = { value: T } | { problems: string[] };

/** Checks the content of builder.yaml. What is wrong in one place does not hide what is wrong in another. */
export function checkBuilderFile(content: unknown): { file: BuilderFile; problems: string[] } {
  const result = builderFile.safeParse(content ?? {}, { reportInput: true });
  const problems = result.success ? [] : problemsOf(result.error.issues, Object.keys(builderFile.shape));
  const flat = asMapping(content);
  const gates = asMapping(flat.gates);
  const given: [name: string, key: string, value: unknown][] = [
    ...fileNames.map((name): (typeof given)[number] => [name, fileKeyOf(name), flat[fileKeyOf(name)]]),
    ["GATE_MIN_SHARE", "gates.minShare", gates.minShare],
    ["GATE_SENTINELS", "gates.sentinels", gates.sentinels],
    ["JOB_LIST", "jobLists", flat.jobLists],
  ];
  const texts: BuilderFile["texts"] = new Map();
  for (const [name, key, value] of given) {
    const text = typeof value === "string" ? value : asTexts(value)?.join(",");
    if (text === undefined) continue;
    const before = texts.get(name);
    if (before) problems.push(`${key} says the same as ${before.key}; keep one of them`);
    texts.set(name, { key, text });
  }
  // A list with mistakes stands in for itself, or another file would be complained about.
  const dns = result.success ? result.data.dns : flat.dns === undefined ? undefined : [];
  return { file: { dns, texts }, problems };
}

function asMapping(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function asTexts(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string") ? value : undefined;
}

/** Checks the content of dns-mappings.yaml. */
export function checkMappingsFile(content: unknown): Checked<Mapping[]> {
  const result = mappingsFile.safeParse(content ?? {}, { reportInput: true });
  return result.success ? { value: result.data.dns } : { problems: problemsOf(result.error.issues, ["dns"]) };
}

/** One line each: where in the file, and what is wrong. */
function problemsOf(issues: readonly z.core.$ZodIssue[], keys: readonly string[]): string[] {
  return issues.flatMap((issue) => {
    const where = pathText(issue.path);
    if (issue.code === "unrecognized_keys") {
      const known = issue.path.length === 0 ? keys : ["minShare", "sentinels"];
      return issue.keys.map((key) => {
        const meant = nearest(key, known);
        const path = where === "" ? key : `${where}.${key}`;
        return `${path} is no setting; ${meant === undefined ? "see docs/configuration.md" : `did you mean ${meant}?`}`;
      });
    }
    return [where === "" ? message(issue) : `${where} ${message(issue)}`];
  });
}

function message(issue: z.core.$ZodIssue): string {
  const whole = issue.path.length === 0 ? "must hold" : "must be";
  if (issue.code === "invalid_union") return "must be text or a list of texts; see docs/configuration.md";
  if (issue.code === "too_small") return "is empty; list at least one";
  if (issue.code !== "invalid_type") return issue.message;
  if (issue.message.includes("received undefined"))
    return issue.expected === "string" ? "is missing; add it" : "is missing; list the public names there";
  const wanted: Record<string, string> = {
    string: "text",
    array: "a list",
    object: "a mapping (key: value)",
  };
  return `${whole} ${wanted[issue.expected] ?? issue.expected}; see docs/configuration.md`;
}

/** `dns[1].name`. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}
