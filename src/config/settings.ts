import type { z } from "zod";
import type { Mapping } from "../domain/dns-records.ts";
import { ConfigError, type Problem } from "../errors.ts";
import { type Given, readBuilderFile, readMappingsFile } from "./files.ts";
import { type CamelCase, nested, placeOf, rowOf, settingNames, type SettingName, table } from "./table.ts";
import { problemOf } from "./values.ts";
import type { ReadFile } from "./yaml.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

type Table = typeof table;
type Leaves = { [Name in SettingName as Place<Name>]: z.output<Table[Name]["value"]> };
type Place<Name extends SettingName> = Table[Name] extends { at: infer At extends string }
  ? At
  : CamelCase<Name>;
type Head<Path> = Path extends `${infer First}.${string}` ? First : Path;
type Nested<Leaves> = {
  readonly [Key in Head<keyof Leaves & string>]: Key extends keyof Leaves
    ? Leaves[Key]
    : { readonly [Path in keyof Leaves as Path extends `${Key}.${infer Leaf}` ? Leaf : never]: Leaves[Path] };
};

type OfTable = Nested<Leaves>;

/** All that can be set, in the program's own words and units. */
export type Settings = OfTable & {
  /** The public names. */
  readonly mappings: Mapping[];
  /** What the environment or builder.yaml says, as against defaults. */
  readonly given: ReadonlySet<SettingName>;
};

/** `state`: for verbs that only look at and change a run; what only a rebuild needs may be missing, and is empty. */
export type Need = "all" | "state";

/**
 * The settings from the environment, builder.yaml and dns-mappings.yaml, in this order of precedence.
 * Throws one ConfigError with everything that is wrong.
 */
export function parseSettings(env: Environment, readFile: ReadFile, need: Need = "all"): Settings {
  const namedFile = textIn(env, "BUILDER_CONFIG");
  const file = readBuilderFile(table.BUILDER_CONFIG.value.parse(namedFile), readFile);
  const problems = [...file.problems];
  if (file.absent && namedFile !== undefined) {
    const what = `there is no file ${namedFile}; correct the path, or unset it`;
    problems.push({ where: "BUILDER_CONFIG", what });
  }
  const given = new Map(file.texts);
  for (const name of settingNames) {
    const text = textIn(env, name);
    if (text !== undefined) given.set(name, { text, where: name });
  }
  const leaves = parseRows(given, need, problems);
  const namedMappings = given.get("DNS_MAPPINGS_FILE")?.text;
  const names =
    namedMappings === undefined && file.dns
      ? { dns: file.dns, absent: false, problems: [] }
      : readMappingsFile(table.DNS_MAPPINGS_FILE.value.parse(namedMappings), readFile);
  problems.push(...(names.absent && need === "state" ? [] : names.problems), ...halfPairs(given));
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...(nested(leaves) as OfTable), mappings: names.dns, given: new Set(given.keys()) };
}

/** The value of one variable, without the line end that editors and `echo` leave in files; empty is unset. */
function textIn(env: Environment, name: SettingName): string | undefined {
  const { secret } = rowOf(name);
  const text = secret === "whole" ? env[name]?.replace(/[\r\n]+$/, "") : env[name]?.trim();
  return text === "" ? undefined : text;
}

/** The values of all rows by their places in Settings: what was given, else the default. */
function parseRows(
  given: ReadonlyMap<SettingName, Given>,
  need: Need,
  problems: Problem[],
): [at: string, value: unknown][] {
  const leaves: [at: string, value: unknown][] = [];
  for (const name of settingNames) {
    const { value, description } = rowOf(name);
    const { text, where = name, key } = given.get(name) ?? {};
    const { error, data = error && "" } = value.safeParse(text);
    if (error && text !== undefined)
      problems.push({ where, what: [key, problemOf(error)].join(" ").trimStart() });
    else if (error && need === "all") problems.push({ where, what: `missing; ${asClause(description)}` });
    leaves.push([placeOf(name), data]);
  }
  return leaves;
}

/** A setting without the one that it needs: the builder would lack its rights, and fail only hours later. */
function halfPairs(given: ReadonlyMap<SettingName, Given>): Problem[] {
  return [...given.keys()].flatMap((name) => {
    const { needs } = rowOf(name);
    if (needs === undefined || given.has(needs as SettingName)) return [];
    return [{ where: needs, what: `missing, and ${name} is set; set both or neither` }];
  });
}

/** `The Google Cloud project.` → `the Google Cloud project`. */
function asClause(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
