/** JSON patch, JSON merge patch and strategic merge patch. */
import { ApiError, badRequest } from "./errors.ts";
import { isMap, itemKey, listKeys, sets } from "./lists.ts";
import { clone, same } from "./types.ts";
import type { Loose } from "./types.ts";

interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: Loose;
}

const pointer = (path: string): string[] =>
  path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

const unprocessable = (message: string): ApiError => new ApiError(422, "Invalid", message, {});

/** RFC 6902; a path that isn't there or a failed test is a 422, as on the real server. */
export function jsonPatch(target: Loose, operations: Operation[]): Loose {
  if (!Array.isArray(operations))
    throw badRequest("error decoding patch: json: cannot unmarshal object into Go value");
  let document = clone(target);
  for (const { op, path, from, value } of operations) {
    if (op === "move" || op === "copy") {
      const moved = clone(read(document, from ?? ""));
      if (op === "move") document = write(document, from ?? "", "remove", undefined);
      document = write(document, path, "add", moved);
    } else if (op === "test") {
      const found = read(document, path, true);
      if (!same(found ?? null, value ?? null))
        throw unprocessable("the server rejected our request due to an error in our request");
    } else {
      document = write(document, path, op, clone(value));
    }
  }
  return document;
}

function read(document: Loose, path: string, lenient = false): Loose {
  let at = document;
  for (const part of pointer(path)) {
    at = at?.[part];
    if (at === undefined && !lenient)
      throw unprocessable("the server rejected our request due to an error in our request");
  }
  return at;
}

function write(document: Loose, path: string, op: string, value: Loose): Loose {
  const parts = pointer(path);
  const last = parts.pop();
  if (last === undefined) return value;
  const parent = parts.length
    ? read(document, `/${parts.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`)
    : document;
  if (op !== "add" && !(last in parent))
    throw unprocessable("the server rejected our request due to an error in our request");
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last);
    if (op === "add") parent.splice(index, 0, value);
    else if (op === "remove") parent.splice(index, 1);
    else parent[index] = value;
  } else if (op === "remove") {
    Reflect.deleteProperty(parent, last);
  } else {
    parent[last] = value;
  }
  return document;
}

/** RFC 7396: null removes, lists are replaced. */
export function mergePatch(target: Loose, patch: Loose): Loose {
  if (!isMap(patch)) return clone(patch);
  const result: Loose = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

const directive = (key: string): boolean => key.startsWith("$");

/** A merge patch that merges the lists which have keys, and knows kubectl's directives. */
export function strategicPatch(target: Loose, patch: Loose): Loose {
  if (!isMap(patch)) return clone(patch);
  if (patch.$patch === "replace") return withoutDirectives(patch);
  if (patch.$patch === "delete") return {};
  const result: Loose = isMap(target) ? { ...target } : {};
  if (Array.isArray(patch.$retainKeys)) {
    for (const key of Object.keys(result))
      if (!patch.$retainKeys.includes(key)) Reflect.deleteProperty(result, key);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (directive(key)) continue;
    const order = patch[`$setElementOrder/${key}`] as Loose[] | undefined;
    if (value === null) Reflect.deleteProperty(result, key);
    else if (Array.isArray(value)) result[key] = strategicList(key, result[key], value, order);
    else result[key] = strategicPatch(result[key], value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$deleteFromPrimitiveList/")) removeMembers(result, key.slice(25), value);
    const ordered = key.startsWith("$setElementOrder/") ? key.slice(17) : undefined;
    if (ordered !== undefined && !(ordered in patch) && Array.isArray(result[ordered])) {
      result[ordered] = strategicList(ordered, result[ordered], [], value);
    }
  }
  return result;
}

const withoutDirectives = (value: Loose): Loose =>
  clone(Object.fromEntries(Object.entries(value as object).filter(([key]) => !directive(key))));

function strategicList(name: string, current: Loose[] = [], patch: Loose[], order: Loose[] = patch): Loose[] {
  if (sets.has(name)) return [...new Set([...current, ...patch])];
  if (patch.some((item) => item?.$patch === "replace")) {
    return patch.filter((item) => item?.$patch !== "replace").map(clone);
  }
  // A Service's strategic patches know a port by its number alone.
  const keys = listKeys(name, [...patch, ...current])?.filter((key) => key !== "protocol");
  if (!keys) return clone(patch);
  const merged = new Map(current.map((item) => [itemKey(keys, item), item]));
  const serverOrder = [...merged.keys()];
  for (const item of patch) {
    const at = itemKey(keys, item);
    if (item.$patch === "delete") merged.delete(at);
    else merged.set(at, strategicPatch(merged.get(at), item));
  }
  const patched = order.map((item) => itemKey(keys, item)).filter((key) => merged.has(key));
  const others = serverOrder.filter((key) => merged.has(key) && !patched.includes(key));
  return interleave(others, patched, serverOrder).map((key) => merged.get(key));
}

/** The API server's order: what the patch names comes first, unless the server had the other before it. */
function interleave(others: string[], patched: string[], serverOrder: string[]): string[] {
  const [left, right, result] = [[...others], [...patched], [] as string[]];
  while (left.length > 0 && right.length > 0) {
    const [mine, theirs] = [serverOrder.indexOf(left[0]!), serverOrder.indexOf(right[0]!)];
    result.push((theirs >= 0 && mine < theirs ? left : right).shift()!);
  }
  return [...result, ...left, ...right];
}

function removeMembers(result: Loose, name: string, gone: Loose[]): void {
  if (Array.isArray(result[name]))
    result[name] = result[name].filter((member: Loose) => !gone.includes(member));
}
