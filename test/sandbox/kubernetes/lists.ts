/** How lists in objects merge: which have keys, which are sets, and which maps are replaced as a whole. */
import type { Loose } from "./types.ts";

const keyedLists: Record<string, string[]> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  imagePullSecrets: ["name"],
  secrets: ["name"],
  hostAliases: ["ip"],
  conditions: ["type"],
  ownerReferences: ["uid"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
  resourceClaims: ["name"],
};

/** Lists whose members are plain strings and merge as a set. */
export const sets = new Set(["finalizers"]);

/** Maps and objects that have one owner and are replaced whole. */
export const atomic = new Set([
  "selector",
  "nodeSelector",
  "secretKeyRef",
  "configMapKeyRef",
  "fieldRef",
  "resourceFieldRef",
  "scaleTargetRef",
  "roleRef",
]);

/** The fields that identify an item of this list; undefined when the list is replaced whole. */
export function listKeys(name: string, items: Loose[]): string[] | undefined {
  const objects = items.every((item) => typeof item === "object" && item !== null);
  if (!objects) return undefined;
  if (name === "ports") {
    if (items.some((item) => "containerPort" in item)) return ["containerPort", "protocol"];
    return items.some((item) => "port" in item && !("ports" in item)) ? ["port", "protocol"] : undefined;
  }
  const keys = keyedLists[name];
  return keys && items.every((item) => keys.every((key) => key in item)) ? keys : undefined;
}

/** The key of one item, defaults filled in; equal items of two lists have equal keys. */
export const itemKey = (keys: string[], item: Loose): string =>
  JSON.stringify(
    Object.fromEntries(
      [...keys].sort().map((key) => [key, item[key] ?? (key === "protocol" ? "TCP" : null)]),
    ),
  );

export const isMap = (value: unknown): value is Record<string, Loose> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
