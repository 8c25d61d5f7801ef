/** Writes Events, counting those that repeat. */
import { requireType } from "../resources.ts";
import { timestamp } from "../types.ts";
import type { KubeObject } from "../types.ts";
import type { World } from "./loop.ts";

export interface Happening {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  /** The container it is about; the whole object without. */
  container?: string;
}

/** Writes an Event about an object in the name of the component that would. */
export function record(
  { registry, store, random }: World,
  component: string,
  about: KubeObject,
  event: Happening,
): void {
  // Events about what has no namespace are in "default".
  const namespace = about.metadata.namespace ?? "default";
  const owner = store.get("Namespace", undefined, namespace);
  if (!owner || owner.metadata.deletionTimestamp) return;
  const known = store
    .list("Event", namespace)
    .find(
      ({ involvedObject, reason, message }) =>
        involvedObject?.uid === about.metadata.uid && reason === event.reason && message === event.message,
    );
  if (known) {
    registry.edit("Event", known, (draft) => {
      draft.count = Number(draft.count) + 1;
      draft.lastTimestamp = timestamp();
    });
    return;
  }
  const { name, uid, resourceVersion } = about.metadata;
  registry.create(requireType("Event"), namespace, {
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      name: `${name}.${random.uid().replaceAll("-", "").slice(0, 16)}`,
      namespace,
      uid: "",
      resourceVersion: "",
      creationTimestamp: "",
    },
    involvedObject: {
      kind: about.kind,
      ...(about.metadata.namespace ? { namespace } : {}),
      name,
      uid,
      apiVersion: about.apiVersion,
      resourceVersion,
      ...(event.container ? { fieldPath: `spec.containers{${event.container}}` } : {}),
    },
    reason: event.reason,
    message: event.message,
    source: { component, ...(about.spec?.nodeName ? { host: about.spec.nodeName } : {}) },
    firstTimestamp: timestamp(),
    lastTimestamp: timestamp(),
    count: 1,
    type: event.type,
    eventTime: null,
    reportingComponent: component,
    reportingInstance: about.spec?.nodeName ?? "",
  });
}
