import { builder, original, proxies } from "./table/builder.ts";
import { chartRows, harvester, inputs } from "./table/inputs.ts";
import type { Row } from "./table/row.ts";
import { dns, gates, kept, waits } from "./table/run.ts";

/**
 * Every setting by its environment variable. The type Settings, the parsing of environment and builder.yaml, the pages
 * for people, the chart's schema and what is secret all come from here: to add a setting is to add a row.
 */
export const table = {
  ...inputs,
  ...chartRows,
  ...harvester,
  ...waits,
  ...dns,
  ...gates,
  ...kept,
  ...builder,
  ...proxies,
  ...original,
};

export type SettingName = keyof typeof table;

export const settingNames = Object.keys(table) as SettingName[];

/** A row whatever its type. */
export const rowOf = (name: SettingName): Row & { group: string } => table[name];

/** HARVEST_TIMEOUT as harvestTimeout. */
export type CamelCase<Name extends string> = Name extends `${infer First}_${infer Others}`
  ? `${Lowercase<First>}${Capitalize<CamelCase<Others>>}`
  : Lowercase<Name>;

const camelCase = (name: string) =>
  name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Where a setting sits in Settings; a dot leads into an object. */
export const placeOf = (name: SettingName) => rowOf(name).at ?? camelCase(name);

/** The keys of a setting in builder.yaml; a dot leads into a mapping. */
export function fileKeysOf(name: SettingName): string[] {
  const { environmentOnly, fileKey } = rowOf(name);
  return environmentOnly ? [] : [camelCase(name), ...(fileKey === undefined ? [] : [fileKey])];
}

/** What sits at a dotted path; undefined where nothing does. */
export function valueAt(tree: unknown, path: string): unknown {
  return path.split(".").reduce((value, key) => (value as Record<string, unknown> | null)?.[key], tree);
}

/** `[["a.b", 1]]` → `{ a: { b: 1 } }`. */
export function nested(entries: Iterable<readonly [path: string, value: unknown]>): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const [path, value] of entries) {
    const [head = "", leaf] = path.split(".");
    tree[head] = leaf === undefined ? value : { ...(tree[head] as object | undefined), [leaf]: value };
  }
  return tree;
}
