/** builder.yaml and dns-mappings.yaml. Every scalar comes as text (see yaml.ts); the table checks it further. */
import * as z from "zod";
import type { Mapping } from "../domain/dns-records.ts";
import { didYouMean } from "../domain/nearest.ts";
import { fileKeysOf, nested, type SettingName, settingNames, valueAt } from "./table.ts";
import { checked, label, quote } from "./values.ts";
import { type ReadFile, readYaml } from "./yaml.ts";

const seeDocs = "see docs/configuration.md";
const mappingThatMust = (verb: "be" | "hold") => ({
  error: `must ${verb} a mapping (key: value); ${seeDocs}`,
});
const recordLabel = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

const hostName = checked((name) => {
  if (!name.endsWith(".")) return `${quote(name)} must end with a dot; write ${name}.`;
  if (name !== name.toLowerCase()) return `${quote(name)} must be in lower case; write ${name.toLowerCase()}`;
  const parts = name.slice(0, -1).split(".");
  const valid = parts.length > 1 && name.length <= 254 && parts.every((part) => recordLabel.test(part));
  return valid ? undefined : `${quote(name)} is not a host name; write one like prod.example.org.`;
});

const mapping = z.object(
  {
    zone: label("managed zone", 63, "prod-example-org", "the name of a managed zone"),
    name: hostName,
    service: label("Service", 63, "ingress", "the name of a Service"),
  },
  mappingThatMust("be"),
);

const mappingsOf = (entry: z.ZodType<Mapping>) =>
  z
    .array(entry, {
      error: ({ input }) =>
        input === undefined ? "is missing; list the public names there" : `must be a list; ${seeDocs}`,
    })
    .min(1, "is empty; list at least one")
    .superRefine((list, context) => {
      list.forEach(({ name }, index) => {
        const first = list.findIndex((other) => other.name === name);
        if (first === index) return;
        const message = `${quote(name)} appears twice, first at dns[${first}]; remove one`;
        context.addIssue({ code: "custom", path: [index, "name"], message });
      });
    });

const nameOfKey = new Map(
  settingNames.flatMap((name) => fileKeysOf(name).map((key) => [key, name] as const)),
);

const entryError = ({ input }: { input?: unknown }) =>
  input === null ? "is empty; fill it in, or remove it" : "must be text";
const textOrList = z.preprocess(
  (value) => (typeof value === "string" ? [value] : value),
  z.array(z.string({ error: entryError }), { error: `must be text or a list of texts; ${seeDocs}` }),
);
const settingKeys = nested([...nameOfKey.keys()].map((key) => [key, textOrList.optional()]));

const builderFile = z.strictObject(
  {
    ...Object.fromEntries(
      Object.entries(settingKeys).map(([key, value]) => [
        key,
        value instanceof z.ZodType
          ? value
          : z.strictObject(value as z.ZodRawShape, mappingThatMust("be")).optional(),
      ]),
    ),
    dns: mappingsOf(z.strictObject(mapping.shape, mappingThatMust("be"))).optional(),
  },
  mappingThatMust("hold"),
);

/** dns-mappings.yaml of the original chart: its other keys are ignored. */
const mappingsFile = z.object({ dns: mappingsOf(mapping) }, mappingThatMust("hold"));

/** A text that was given for a setting, and the key in the file or the variable that gave it. */
export interface Given {
  text: string;
  where: string;
  key?: string;
}

/** Reads and checks builder.yaml. What is wrong in one place does not hide what is wrong in another. */
export function readBuilderFile(path: string, readFile: ReadFile) {
  const { content, data, absent, problems } = readAs(builderFile, path, readFile);
  const texts = new Map<SettingName, Given>();
  for (const [key, name] of nameOfKey) {
    const { data: entries } = textOrList.safeParse(valueAt(content, key));
    if (!entries) continue;
    const before = texts.get(name)?.key;
    if (before !== undefined)
      problems.push({ where: path, what: `${key} is the same setting as ${before}; keep one of them` });
    texts.set(name, { text: entries.join(), where: path, key });
  }
  // A list with mistakes counts as given; otherwise the other file would be reported as missing.
  const dns = data ? data.dns : valueAt(content, "dns") === undefined ? undefined : [];
  return { texts, dns, absent, problems };
}

/** Reads and checks dns-mappings.yaml. */
export function readMappingsFile(path: string, readFile: ReadFile) {
  const { data, absent, problems } = readAs(mappingsFile, path, readFile);
  if (absent)
    problems.push({ where: path, what: "there is no such file; list the public names there under dns:" });
  return { dns: data?.dns ?? [], absent, problems };
}

function readAs<T>(schema: z.ZodType<T>, path: string, readFile: ReadFile) {
  const { content, absent, problems } = readYaml(path, readFile);
  if (absent || problems.length > 0) return { content, data: undefined, absent, problems };
  const { data, error } = schema.safeParse(content ?? {});
  return { content, data, absent, problems: problemsOf(error).map((what) => ({ where: path, what })) };
}

/** One line each: where in the file, and what is wrong. */
function problemsOf(error: z.ZodError | undefined): string[] {
  return (error?.issues ?? []).flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return `${placeOf(issue.path)} ${issue.message}`.trimStart();
    return issue.keys.map((key) => {
      const advice = didYouMean(key, keysAt(issue.path)) ?? seeDocs;
      return `${placeOf([...issue.path, key || '""'])} is not a setting; ${advice}`;
    });
  });
}

/** The keys that a mapping in builder.yaml may have. */
function keysAt([section]: readonly PropertyKey[]): string[] {
  if (section === undefined) return Object.keys(builderFile.shape);
  return Object.keys(section === "dns" ? mapping.shape : (settingKeys[String(section)] as object));
}

/** `dns[1].name`. */
const placeOf = (path: readonly PropertyKey[]) => path.join(".").replaceAll(/\.(\d+)\b/g, "[$1]");
