/** How stored objects are shown: event API versions, tables, metadata alone. */
import { partial, toTable } from "./tables.ts";
import type { KubeObject, Loose, ResourceType } from "./types.ts";

/** Pairs of names of the same field: core Event, events.k8s.io Event. */
const eventFields: [string, string][] = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["reportingComponent", "reportingController"],
];

const isNewEvent = (type: ResourceType): boolean => type.id === "events.events.k8s.io";

/** A stored object in the API version that was asked for. */
function outgoing(type: ResourceType, object: KubeObject): KubeObject {
  if (!isNewEvent(type)) return object;
  return rename({ ...object, apiVersion: type.apiVersion }, eventFields);
}

/** A sent object in the API version that is stored. */
export function incoming(type: ResourceType, object: KubeObject): KubeObject {
  if (!isNewEvent(type)) return object;
  return rename(
    { ...object, apiVersion: "v1" },
    eventFields.map(([core, fresh]) => [fresh, core]),
  );
}

function rename(object: KubeObject, pairs: [string, string][]): KubeObject {
  const result: Loose = { ...object };
  for (const [from, to] of pairs) {
    if (result[from] !== undefined) result[to] = result[from];
    Reflect.deleteProperty(result, from);
  }
  return result as KubeObject;
}

/** What a client asked to get instead of the object. */
export type View = "object" | "table" | "metadata";

export function viewOf(accept: string): View {
  if (/as=Table/.test(accept)) return "table";
  return /as=PartialObjectMetadata/.test(accept) ? "metadata" : "object";
}

export function show(type: ResourceType, object: KubeObject, view: View, includeObject: string): object {
  const shown = outgoing(type, object);
  if (view === "table") {
    return toTable(type, [object], { resourceVersion: object.metadata.resourceVersion }, includeObject);
  }
  return view === "metadata" ? partial(shown) : shown;
}

export function showList(
  type: ResourceType,
  objects: KubeObject[],
  metadata: object,
  view: View,
  includeObject: string,
): object {
  if (view === "table") return toTable(type, objects, metadata, includeObject);
  const items = objects.map((object) => outgoing(type, object));
  if (view === "metadata") {
    return {
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata,
      items: items.map(partial),
    };
  }
  // Items of a list do not repeat what they are.
  const bare = items.map((item) =>
    Object.fromEntries(Object.entries(item).filter(([key]) => key !== "kind" && key !== "apiVersion")),
  );
  return { kind: `${type.kind}List`, apiVersion: type.apiVersion, metadata, items: bare };
}
