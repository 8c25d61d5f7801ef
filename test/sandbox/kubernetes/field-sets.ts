/** Sets of fields, as managedFields writes them: who owns what of an object. */
import { atomic, isMap, itemKey, listKeys, sets } from "./lists.ts";
import { same } from "./types.ts";
import type { FieldsV1, Loose } from "./types.ts";

/** The path of a field: `f:`, `k:` and `v:` elements, written one after the other. */
type Path = string[];

const neverOwned = new Set([
  "apiVersion",
  "kind",
  "metadata/name",
  "metadata/namespace",
  "metadata/uid",
  "metadata/resourceVersion",
  "metadata/generation",
  "metadata/creationTimestamp",
  "metadata/deletionTimestamp",
  "metadata/deletionGracePeriodSeconds",
  "metadata/generateName",
  "metadata/managedFields",
]);

/** Every field of an object that somebody can own, with its value; items and maps own themselves with `.`. */
export function fieldsOf(object: Loose): Map<string, Loose> {
  const found = new Map<string, Loose>();
  for (const [key, value] of Object.entries(object as object)) {
    if (neverOwned.has(key)) continue;
    if (key !== "metadata") visit([`f:${key}`], key, value, found);
    else
      for (const [name, inner] of Object.entries((value ?? {}) as object)) {
        if (!neverOwned.has(`metadata/${name}`)) visit(["f:metadata", `f:${name}`], name, inner, found);
      }
  }
  return found;
}

function visit(path: Path, name: string, value: Loose, found: Map<string, Loose>): void {
  if (isMap(value) && !atomic.has(name) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) visit([...path, `f:${key}`], key, inner, found);
    return;
  }
  if (Array.isArray(value) && value.length > 0) {
    const keys = listKeys(name, value);
    if (keys) {
      for (const item of value) {
        const at = [...path, `k:${itemKey(keys, item)}`];
        found.set(join([...at, "."]), true);
        for (const [key, inner] of Object.entries(item as object))
          visit([...at, `f:${key}`], key, inner, found);
      }
      return;
    }
    if (sets.has(name)) {
      for (const member of value) found.set(join([...path, `v:${JSON.stringify(member)}`]), member);
      return;
    }
  }
  found.set(join(path), value);
}

// A character that no name holds keeps the elements of a path apart.
const join = (path: Path): string => path.join("\u0000");

export function toFieldsV1(paths: Iterable<string>): FieldsV1 {
  const root: FieldsV1 = {};
  for (const path of paths) {
    let at = root;
    for (const element of path.split("\u0000")) at = at[element] ??= {};
  }
  return root;
}

export function fromFieldsV1(fields: FieldsV1): Set<string> {
  const paths = new Set<string>();
  const walk = (at: FieldsV1, path: Path): void => {
    const inner = Object.entries(at);
    if (inner.length === 0 && path.length > 0) paths.add(join(path));
    for (const [element, next] of inner) walk(next, [...path, element]);
  };
  walk(fields, []);
  return paths;
}

/** Fields that differ between two versions of an object: those that are new or changed, those that are gone. */
export function changedFields(before: Loose, after: Loose): { changed: Set<string>; removed: Set<string> } {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return {
    changed: new Set(
      [...now].filter(([path, value]) => !old.has(path) || !same(old.get(path), value)).map(([path]) => path),
    ),
    removed: new Set([...old.keys()].filter((path) => !now.has(path))),
  };
}

/** Removes a field, list item or set member from an object, in place. */
export function removeField(object: Loose, path: string): void {
  const elements = path.split("\u0000").filter((element) => element !== ".");
  const trail: { container: Loose; key: string | number }[] = [];
  let at: Loose = object;
  for (const element of elements) {
    if (at === undefined || at === null) return;
    const key = locate(at, element);
    if (key === undefined) return;
    trail.push({ container: at, key });
    at = at[key];
  }
  const last = trail.pop();
  if (!last) return;
  if (Array.isArray(last.container)) last.container.splice(Number(last.key), 1);
  else Reflect.deleteProperty(last.container, last.key);
  // A map or list that becomes empty goes with its last field.
  for (const { container, key } of trail.reverse()) {
    if (Object.keys(container[key] as object).length > 0 || Array.isArray(container)) return;
    Reflect.deleteProperty(container, key);
  }
}

function locate(container: Loose, element: string): string | number | undefined {
  const text = element.slice(2);
  if (element.startsWith("f:")) return text in container ? text : undefined;
  if (!Array.isArray(container)) return undefined;
  const wanted = JSON.parse(text);
  const index = container.findIndex((item) =>
    element.startsWith("v:") ? same(item, wanted) : itemKey(Object.keys(wanted as object), item) === text,
  );
  return index === -1 ? undefined : index;
}
