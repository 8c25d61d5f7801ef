/**
 * Writes what is made from the table of settings (the tables of docs/configuration.md, a part of the chart's schema), and what
 * chart-docs.ts makes.
 */
import { readFile, writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { withChanges, withDescriptions, withValues } from "./chart-docs.ts";
import { fileKeysOf, nested, rowOf, type SettingName, settingNames } from "../src/config/table.ts";

type Json = Record<string, unknown>;

/** A file and what has to stand in it; all but the generated part is as it was. */
export interface Generated {
  file: string;
  text: string;
}

/** The files as they belong in the repository: laid out by the same formatter as everything else. */
export async function generatedFiles(): Promise<Generated[]> {
  const files = [
    { file: fileOf("docs/configuration.md"), edit: withTables },
    { file: fileOf("chart/values.schema.json"), edit: (text: string) => withDescriptions(withSchema(text)) },
    { file: fileOf("chart/README.md"), edit: withValues },
    { file: fileOf("chart/Chart.yaml"), edit: withChanges },
  ];
  return Promise.all(
    files.map(async ({ file, edit }) => {
      const text = await edit(await readFile(file, "utf8"));
      return { file, text: await format(text, { ...(await resolveConfig(file)), filepath: file }) };
    }),
  );
}

const fileOf = (name: string) => new URL(`../${name}`, import.meta.url).pathname;

/** The page with a section for each group of settings between its two comments. */
function withTables(page: string): string {
  const groups = Map.groupBy(settingNames, (name) => rowOf(name).group);
  const sections = [...groups].map(([heading, names]) => {
    const ignored = names.filter((name) => rowOf(name).ignored);
    return `## ${heading}\n\n${ignored.length > 0 ? ignoredLine(ignored) : tableOf(names)}\n`;
  });
  const [before, , after, ...others] = page.split(
    /(?<=<!-- Made by .*? -->)([^]*)(?=<!-- The end of what is made)/,
  );
  if (before === undefined || after === undefined || others.length > 0)
    throw new Error("docs/configuration.md has lost the comments that its tables stand between");
  return [before, ...sections, after].join("\n\n");
}

function tableOf(names: readonly SettingName[]): string {
  const rows = names.map((name) => {
    const { value, description } = rowOf(name);
    const { title, default: usual } = schemaOf(name);
    const [key] = fileKeysOf(name);
    const fallback = usual
      ? code(usual as string)
      : value.safeParse(undefined).success
        ? "none"
        : "**required**";
    const cells = [code(name), key === undefined ? "" : code(key), escaped(title ?? ""), fallback];
    return `| ${cells.join(" | ")} | ${escaped(description)}${remarks(name)} |`;
  });
  return ["| variable | in builder.yaml | value | default | |", "|---|---|---|---|---|", ...rows].join("\n");
}

function ignoredLine(names: readonly SettingName[]): string {
  const [first = "G_USER"] = names;
  return `${names.map(code).join(", ")}: ${rowOf(first).description}`;
}

/** How secret it is, and which value of the chart sets it. */
function remarks(name: SettingName): string {
  const { secret, chart } = rowOf(name);
  const secrecy = { none: "", whole: " _(secret)_", credentials: " _(credentials)_" }[secret ?? "none"];
  return secrecy + (typeof chart === "string" ? ` Chart: ${code(chart)}.` : "");
}

const code = (text: string) => `\`${text}\``;

/** Bars end a table's cell, and what stands in angle brackets would be taken for HTML. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * The chart's schema with `settings`, which become variables, and `config`, which becomes builder.yaml in a ConfigMap:
 * no place for a secret.
 */
function withSchema(text: string): string {
  const schema = JSON.parse(text);
  const variables = settingNames.filter((name) => rowOf(name).chart === undefined);
  const inFile = settingNames.filter((name) => rowOf(name).secret !== "whole");
  const keys = inFile.flatMap((name) =>
    fileKeysOf(name).map((key) => [key, orNull(schemaOf(name))] as const),
  );
  const sections = Object.entries(nested(keys)).map(([key, value]) =>
    keys.some(([known]) => known === key) ? [key, value] : [key, mappingOf(value as Json)],
  );
  Object.assign(schema.properties, {
    settings: mappingOf(Object.fromEntries(variables.map((name) => [name, schemaOf(name)]))),
    config: mappingOf({ ...Object.fromEntries(sections), dns: { $ref: "#/properties/dns" } }),
  });
  return JSON.stringify(schema);
}

function schemaOf(name: SettingName): Json & { title?: string | undefined } {
  const { value, description } = rowOf(name);
  return { ...z.toJSONSchema(value, { io: "input" }), description, $schema: undefined };
}

/** In builder.yaml a key without a value is as good as none. */
const orNull = (schema: Json): Json => ({
  ...schema,
  type: [schema.type, "null"].flat(),
  enum: Array.isArray(schema.enum) ? [...schema.enum, null] : undefined,
});

const mappingOf = (properties: Json): Json => ({ type: "object", additionalProperties: false, properties });

if (import.meta.main) for (const { file, text } of await generatedFiles()) await writeFile(file, text);
