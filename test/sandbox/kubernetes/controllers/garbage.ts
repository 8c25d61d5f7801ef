/** Owner references: what is left without an owner goes, and owners wait for what they own when asked to. */
import { deleteObject } from "../deletion.ts";
import { resourceTypes, requireType, storageId } from "../resources.ts";
import type { Change, Store } from "../store.ts";
import type { KubeObject } from "../types.ts";
import type { World } from "./loop.ts";

const stored = resourceTypes.filter((type) => storageId(type) === type.id && type.verbs.includes("list"));

/** Runs until the returned function is called. */
export function collectGarbage(world: World): () => void {
  const pending = new Set<NodeJS.Immediate>();
  const later = (work: () => void): void => {
    const handle = setImmediate(() => {
      pending.delete(handle);
      work();
    });
    pending.add(handle);
  };
  const stop = world.store.onChange((change) => later(() => collect(world, change)));
  return () => {
    stop();
    pending.forEach(clearImmediate);
  };
}

function collect(world: World, { type, object }: Change): void {
  if (type === "DELETED") {
    for (const dependent of dependentsOf(world.store, object)) dropWithoutOwner(world, dependent);
    // An owner that is deleted in the foreground goes after the last that blocks it.
    for (const owner of ownersOf(world.store, object)) finishOwner(world, owner);
    return;
  }
  if (object.metadata.ownerReferences?.length) dropWithoutOwner(world, object);
  finishOwner(world, object);
}

const dependentsOf = (store: Store, { metadata }: KubeObject): KubeObject[] =>
  stored
    .filter((type) => !metadata.namespace || type.namespaced)
    .flatMap((type) => store.list(type.id, metadata.namespace))
    .filter((object) => object.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));

function ownersOf(store: Store, { metadata }: KubeObject): KubeObject[] {
  return (metadata.ownerReferences ?? []).flatMap(({ kind, name, uid }) => {
    if (!stored.some((type) => type.kind === kind)) return [];
    const type = requireType(kind);
    const owner = store.get(kind, type.namespaced ? metadata.namespace : undefined, name);
    return owner?.metadata.uid === uid ? [owner] : [];
  });
}

function dropWithoutOwner({ registry, store }: World, { metadata, kind }: KubeObject): void {
  const live = store.get(kind, metadata.namespace, metadata.name);
  const references = live?.metadata.ownerReferences ?? [];
  if (
    !live ||
    live.metadata.uid !== metadata.uid ||
    references.length === 0 ||
    live.metadata.deletionTimestamp
  )
    return;
  // Owners of kinds that the emulator does not have are taken to be there.
  if (references.some((reference) => !stored.some((type) => type.kind === reference.kind))) return;
  if (ownersOf(store, live).length > 0) return;
  deleteObject(registry, requireType(kind), metadata.namespace, metadata.name, {
    propagationPolicy: "Background",
  });
}

/** Carries out the finalizers that Foreground and Orphan deletion put on an owner. */
function finishOwner({ registry, store }: World, { kind, metadata }: KubeObject): void {
  const owner = store.get(kind, metadata.namespace, metadata.name);
  const finalizers = owner?.metadata.finalizers ?? [];
  if (!owner?.metadata.deletionTimestamp) return;
  const drop = (name: string): void =>
    void registry.edit(
      kind,
      owner,
      (draft) => (draft.metadata.finalizers = finalizers.filter((item) => item !== name)),
    );
  const dependents = dependentsOf(store, owner);
  if (finalizers.includes("orphan")) {
    for (const dependent of dependents) {
      registry.edit(dependent.kind, dependent, (draft) => {
        const left = draft.metadata.ownerReferences!.filter(({ uid }) => uid !== owner.metadata.uid);
        if (left.length > 0) draft.metadata.ownerReferences = left;
        else Reflect.deleteProperty(draft.metadata, "ownerReferences");
      });
    }
    drop("orphan");
  } else if (finalizers.includes("foregroundDeletion")) {
    for (const { kind: of, metadata: inner } of dependents.filter(
      (item) => !item.metadata.deletionTimestamp,
    )) {
      deleteObject(registry, requireType(of), inner.namespace, inner.name, {
        propagationPolicy: "Foreground",
      });
    }
    const blocks = (object: KubeObject) =>
      object.metadata.ownerReferences?.some(
        ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion,
      );
    if (!dependentsOf(store, owner).some(blocks)) drop("foregroundDeletion");
  }
}
