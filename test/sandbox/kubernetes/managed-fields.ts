/** Server-side apply: ownership of fields, conflicts, and removal of what a manager no longer applies. */
import { ApiError } from "./errors.ts";
import { changedFields, fieldsOf, fromFieldsV1, removeField, toFieldsV1 } from "./field-sets.ts";
import { atomic, isMap, itemKey, listKeys, sets } from "./lists.ts";
import { clone, same, timestamp } from "./types.ts";
import type { KubeObject, Loose, ManagedFieldsEntry } from "./types.ts";

interface Manager {
  name: string;
  operation: "Apply" | "Update";
  subresource?: string | undefined;
}

const isSame = (entry: ManagedFieldsEntry, manager: Manager): boolean =>
  entry.manager === manager.name &&
  entry.operation === manager.operation &&
  (entry.subresource ?? "") === (manager.subresource ?? "");

/** Records that a manager wrote `after` over `before` by create, update or patch. */
export function recordUpdate(before: Loose, after: KubeObject, manager: Manager): void {
  // Who sends another list of managers than there was rewrites it on purpose, as Helm does when it migrates.
  const entries = clone(
    after.metadata.managedFields ?? before?.metadata?.managedFields ?? [],
  ) as ManagedFieldsEntry[];
  const { changed, removed } = changedFields(before ?? {}, after);
  if (changed.size + removed.size > 0) {
    const mine = entries.find((entry) => isSame(entry, manager));
    const owned = mine ? fromFieldsV1(mine.fieldsV1) : new Set<string>();
    for (const entry of entries) {
      if (entry === mine) continue;
      entry.fieldsV1 = toFieldsV1(
        [...fromFieldsV1(entry.fieldsV1)].filter((path) => !changed.has(path) && !removed.has(path)),
      );
    }
    const next = [...owned, ...changed].filter((path) => !removed.has(path));
    write(entries, manager, after.apiVersion, new Set(next));
  }
  after.metadata.managedFields = entries.filter((entry) => Object.keys(entry.fieldsV1).length > 0);
}

function write(
  entries: ManagedFieldsEntry[],
  manager: Manager,
  apiVersion: string,
  paths: Set<string>,
): void {
  const index = entries.findIndex((entry) => isSame(entry, manager));
  const fieldsV1 = toFieldsV1(paths);
  if (index !== -1 && same(entries[index]!.fieldsV1, fieldsV1)) return;
  const entry: ManagedFieldsEntry = {
    manager: manager.name,
    operation: manager.operation,
    apiVersion,
    time: timestamp(),
    fieldsType: "FieldsV1",
    fieldsV1,
    ...(manager.subresource ? { subresource: manager.subresource } : {}),
  };
  if (index === -1) entries.push(entry);
  else entries[index] = entry;
}

/** The object after `config` was applied to `live` (undefined: it is made). */
export function serverSideApply(
  live: KubeObject | undefined,
  config: KubeObject,
  options: { manager: string; force: boolean; subresource?: string | undefined },
): KubeObject {
  const manager: Manager = { name: options.manager, operation: "Apply", subresource: options.subresource };
  const applied = fieldsOf(config);
  const entries = clone(live?.metadata.managedFields ?? []);
  const mine = entries.find((entry) => isSame(entry, manager));
  const others = entries.filter((entry) => entry !== mine);
  const values = live ? fieldsOf(live) : new Map<string, Loose>();
  takeOver(others, applied, values, options.force);

  const merged = (live ? merge(live, config) : clone(config)) as KubeObject;
  const dropped = mine ? [...fromFieldsV1(mine.fieldsV1)].filter((path) => !applied.has(path)) : [];
  const stillOwned = others.flatMap((entry) => [...fromFieldsV1(entry.fieldsV1)]);
  for (const path of dropped) {
    const inside = path.endsWith("\u0000.") ? path.slice(0, -1) : `${path}\u0000`;
    const keeps = (owned: string) => owned === path || owned.startsWith(inside);
    if (!stillOwned.some(keeps) && ![...applied.keys()].some(keeps)) removeField(merged, path);
  }
  write(entries, manager, config.apiVersion, new Set(applied.keys()));
  merged.metadata.managedFields = entries.filter((entry) => Object.keys(entry.fieldsV1).length > 0);
  return merged;
}

/** Others lose the fields that get another value: by force, or it is a conflict. */
function takeOver(
  others: ManagedFieldsEntry[],
  applied: Map<string, Loose>,
  live: Map<string, Loose>,
  force: boolean,
): void {
  const conflicts: { entry: ManagedFieldsEntry; path: string }[] = [];
  for (const entry of others) {
    const paths = [...fromFieldsV1(entry.fieldsV1)];
    const lost = paths.filter((path) => applied.has(path) && !same(applied.get(path), live.get(path)));
    conflicts.push(...lost.map((path) => ({ entry, path })));
    if (force && lost.length > 0) entry.fieldsV1 = toFieldsV1(paths.filter((path) => !lost.includes(path)));
  }
  if (force || conflicts.length === 0) return;
  const causes = conflicts.map(({ entry, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with "${entry.manager}"${entry.operation === "Update" ? ` using ${entry.apiVersion}` : ""}`,
    field: readable(path),
  }));
  const fields = causes.map((cause) => cause.field);
  const text =
    fields.length === 1
      ? `Apply failed with 1 conflict: ${causes[0]!.message}: ${fields[0]}`
      : `Apply failed with ${fields.length} conflicts: ${causes[0]!.message}:\n${fields.map((field) => `- ${field}`).join("\n")}`;
  throw new ApiError(409, "Conflict", text, { causes });
}

const readable = (path: string): string =>
  path
    .split("\u0000")
    .filter((element) => element !== ".")
    .map((element) =>
      element.startsWith("f:")
        ? `.${element.slice(2)}`
        : `[${element.slice(2).replace(/[{}"]/g, "").replace(":", "=")}]`,
    )
    .join("");

function merge(live: Loose, config: Loose, name = ""): Loose {
  if (isMap(live) && isMap(config) && !atomic.has(name)) {
    const result: Loose = { ...live };
    for (const [key, value] of Object.entries(config))
      result[key] = key in live ? merge(live[key], value, key) : clone(value);
    return clone(result);
  }
  if (!Array.isArray(live) || !Array.isArray(config)) return clone(config);
  if (sets.has(name)) return [...new Set([...live, ...config])];
  const keys = listKeys(name, [...live, ...config]);
  if (!keys) return clone(config);
  const items = new Map(live.map((item) => [itemKey(keys, item), item]));
  const wanted = config.map((item) => {
    const at = itemKey(keys, item);
    const known = items.get(at);
    items.delete(at);
    return known === undefined ? item : merge(known, item);
  });
  return clone([...wanted, ...items.values()]);
}
