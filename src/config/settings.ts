import type { Mapping } from "../domain/dns-records.ts";
import { ConfigError, type Problem } from "../errors.ts";
import { assemble } from "./assemble.ts";
import { type BuilderFile, checkBuilderFile, checkMappingsFile } from "./file-schema.ts";
import {
  type SettingName,
  type SettingValues,
  settingNames,
  settingOf,
  settingsTable,
} from "./settings-table.ts";
import type { Settings } from "./settings-type.ts";
import { type ReadFile, readYamlFile } from "./yaml-file.ts";

export type { Settings } from "./settings-type.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ParseOptions {
  /** `state`: for verbs that only look at and change a run; what only a rebuild needs may be missing, and is empty. */
  need?: "all" | "state";
}
type Need = Required<ParseOptions>;

/**
 * The settings from the environment, builder.yaml and dns-mappings.yaml, in this order of precedence.
 * Throws one ConfigError with everything that is wrong.
 */
export function parseSettings(
  env: Environment,
  readFile: ReadFile,
  { need = "all" }: ParseOptions = {},
): Settings {
  const problems: Problem[] = [];
  const file = readBuilderFile(env, readFile, problems);
  const values = readTable(env, file, { need }, problems);
  const mappings = readMappings(env, file, { readFile, need }, problems);
  problems.push(...halfPair(env, file));
  if (problems.length > 0) throw new ConfigError(problems);
  return assemble(values, mappings);
}

/** The value of one variable, without the line end that editors and `echo` leave in files; empty is unset. */
function given(env: Environment, name: SettingName): string | undefined {
  const { secret } = settingOf(name);
  const text = secret === "whole" ? env[name]?.replace(/[\r\n]+$/, "") : env[name]?.trim();
  return text === "" ? undefined : text;
}

/** builder.yaml and where it was found. */
interface FoundFile extends BuilderFile {
  path: string;
}

function readBuilderFile(env: Environment, readFile: ReadFile, problems: Problem[]): FoundFile {
  const named = given(env, "BUILDER_CONFIG");
  const path = named ?? settingsTable.BUILDER_CONFIG.default ?? "";
  const read = readYamlFile(path, readFile);
  if ("content" in read) {
    const { file, problems: found } = checkBuilderFile(read.content);
    problems.push(...found.map((what) => ({ where: path, what })));
    return { ...file, path };
  }
  if ("problems" in read) problems.push(...read.problems.map((what) => ({ where: path, what })));
  else if (named !== undefined)
    problems.push({
      where: "BUILDER_CONFIG",
      what: `there is no file ${path}; correct the path, or unset it`,
    });
  return { texts: new Map(), path };
}

/** Every row of the table: the environment's text, else the file's, else the default. */
function readTable(env: Environment, file: FoundFile, { need }: Need, problems: Problem[]): SettingValues {
  const values = settingNames.map((name) => {
    const setting = settingOf(name);
    const fromEnv = given(env, name);
    const fromFile = file.texts.get(name);
    const text = fromEnv ?? fromFile?.text ?? setting.default;
    if (text === undefined) {
      if ("requiredElse" in setting && need === "all") {
        problems.push({ where: name, what: `missing; ${asClause(setting.description)}` });
      }
      return [name, setting.requiredElse];
    }
    const parsed = setting.parse(text);
    if ("value" in parsed) return [name, parsed.value];
    problems.push(
      fromEnv === undefined && fromFile
        ? { where: file.path, what: `${fromFile.key} ${parsed.problem}` }
        : { where: name, what: parsed.problem },
    );
    return [name, undefined];
  });
  return Object.fromEntries(values) as SettingValues;
}

/** What is of no use without the other: the builder would go without its rights, and say so only hours later. */
function halfPair(env: Environment, { texts }: FoundFile): Problem[] {
  const names = ["SERVICE_ACCOUNT", "RELEASE_ROLE"] as const;
  const [missing, ...others] = names.filter((name) => given(env, name) === undefined && !texts.has(name));
  if (missing === undefined || others.length > 0) return [];
  const other = names.find((name) => name !== missing) ?? "";
  return [{ where: missing, what: `missing, and ${other} is set; set both or neither` }];
}

/** `The Google Cloud project.` → `the Google Cloud project`. */
function asClause(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}

/** A file named by the environment wins over builder.yaml's list, which wins over the file at its usual place. */
function readMappings(
  env: Environment,
  file: FoundFile,
  { need, readFile }: Need & { readFile: ReadFile },
  problems: Problem[],
): Mapping[] {
  const named = given(env, "DNS_MAPPINGS_FILE");
  if (named === undefined && file.dns) return file.dns;
  const path = named ?? settingsTable.DNS_MAPPINGS_FILE.default ?? "";
  const read = readYamlFile(path, readFile);
  const checked = "content" in read ? checkMappingsFile(read.content) : read;
  if ("value" in checked) return checked.value;
  if ("problems" in checked) problems.push(...checked.problems.map((what) => ({ where: path, what })));
  else if (need === "all") {
    problems.push({ where: path, what: "there is no such file; list the public names there under dns:" });
  }
  return [];
}
