/** Deletion as the API server does it: preconditions, grace, finalizers, propagation. */
import { conflict } from "./errors.ts";
import type { Registry } from "./registry.ts";
import { clone, timestamp } from "./types.ts";
import type { DeleteOptions, KubeObject, ResourceType } from "./types.ts";

/** Their deletion is answered with the object, that of others with a Status. */
const answersObject = new Set([
  "Pod",
  "Namespace",
  "Service",
  "PersistentVolumeClaim",
  "PersistentVolume",
  "ServiceAccount",
  "ResourceQuota",
  "PodTemplate",
]);

const propagationFinalizer = { Orphan: "orphan", Foreground: "foregroundDeletion", Background: undefined };

/** Deletes an object, or marks it as terminating; returns what the API answers. */
export function deleteObject(
  registry: Registry,
  type: ResourceType,
  namespace: string | undefined,
  name: string,
  options: DeleteOptions = {},
): object {
  const live = registry.require(type, namespace, name);
  checkPreconditions(type, live, options);
  if (options.dryRun?.length) return answer(type, live, true);
  const object = markTerminating(type, live, options);
  const { metadata } = object;
  if (type.kind === "Namespace") {
    object.status = { ...object.status, phase: "Terminating" };
    Reflect.deleteProperty(metadata, "deletionGracePeriodSeconds");
  }
  const grace = metadata.deletionGracePeriodSeconds ?? 0;
  const waits = type.kind === "Namespace" ? object.spec?.finalizers?.length : grace > 0;
  if (!waits && !metadata.finalizers?.length) return answer(type, registry.store.remove(type, object), true);
  // Writing the mark again would wake every watcher for nothing.
  const known =
    live.metadata.deletionTimestamp &&
    live.metadata.deletionGracePeriodSeconds === metadata.deletionGracePeriodSeconds;
  return known ? live : registry.store.put(type, object);
}

/** The object with its time of deletion, and the finalizer that the propagation asks for. */
function markTerminating(type: ResourceType, live: KubeObject, options: DeleteOptions): KubeObject {
  const object = clone(live);
  const { metadata } = object;
  const finalizer = propagationFinalizer[propagation(type, options)];
  if (finalizer && !metadata.deletionTimestamp)
    metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), finalizer])];
  const grace = gracePeriod(object, options);
  if (!metadata.deletionTimestamp || (metadata.deletionGracePeriodSeconds ?? 0) > grace) {
    metadata.deletionTimestamp = timestamp(Date.now() + grace * 1000);
    metadata.deletionGracePeriodSeconds = grace;
    if (metadata.generation !== undefined) metadata.generation += 1;
  }
  return object;
}

function propagation(type: ResourceType, options: DeleteOptions): keyof typeof propagationFinalizer {
  if (options.propagationPolicy) return options.propagationPolicy;
  // For old clients: Jobs leave their pods behind unless told otherwise.
  return (options.orphanDependents ?? type.kind === "Job") ? "Orphan" : "Background";
}

/** Only pods that run somewhere are given time. */
function gracePeriod(object: KubeObject, options: DeleteOptions): number {
  if (object.kind !== "Pod" || !object.spec.nodeName) return 0;
  if (["Succeeded", "Failed"].includes(String(object.status?.phase))) return 0;
  return options.gracePeriodSeconds ?? Number(object.spec.terminationGracePeriodSeconds ?? 30);
}

function checkPreconditions(type: ResourceType, live: KubeObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion, name } = live.metadata;
  const failed = (what: string, wanted: string, found: string): never => {
    throw conflict(
      type,
      name,
      `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`,
    );
  };
  if (preconditions?.uid && preconditions.uid !== uid) failed("UID", preconditions.uid, uid);
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== resourceVersion) {
    failed("ResourceVersion", preconditions.resourceVersion, resourceVersion);
  }
}

function answer(type: ResourceType, object: KubeObject, gone: boolean): object {
  if (!gone || answersObject.has(type.kind)) return object;
  const { name, uid } = object.metadata;
  const details = { name, ...(type.group ? { group: type.group } : {}), kind: type.plural, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}
