import type { Setting } from "./setting.ts";
import { builderRows, oldRows } from "./table/builder.ts";
import { harvesterRows, inputsRows } from "./table/inputs.ts";
import { dnsRows, gatesRows, keptRows, waitsRows } from "./table/run.ts";

/** Every setting by its environment variable: checks, defaults and docs/configuration.md come from here. */
export const settingsTable = {
  ...inputsRows,
  ...harvesterRows,
  ...waitsRows,
  ...dnsRows,
  ...gatesRows,
  ...keptRows,
  ...builderRows,
  ...oldRows,
};

export type SettingName = keyof typeof settingsTable;
export type SettingValues = {
  [Name in SettingName]: (typeof settingsTable)[Name] extends Setting<infer T> ? T : never;
};

/** The names of the table, in its order. */
export const settingNames = Object.keys(settingsTable) as SettingName[];

/** A row of the table whatever its type. */
export function settingOf(name: SettingName): Setting<unknown> {
  return settingsTable[name];
}

/** The key of a setting in builder.yaml: HARVEST_TIMEOUT is harvestTimeout. */
export function fileKeyOf(name: string): string {
  return name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
