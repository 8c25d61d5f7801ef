/** Claims get a volume and are bound; a claim in use stays until its pods are gone, its volume goes with it. */
import { deleteObject } from "../deletion.ts";
import { requireType } from "../resources.ts";
import type { Store } from "../store.ts";
import type { KubeObject, Loose } from "../types.ts";
import { isTerminating } from "./loop.ts";
import type { Controller, World } from "./loop.ts";
import { record } from "./recorder.ts";
import { behaviourOf } from "./rules.ts";

const protection = "kubernetes.io/pvc-protection";
const provisioner = "simulation.powo.kew.org/disk";

export const volumes: Controller = {
  kind: "PersistentVolumeClaim",
  concerns: (changed, store) => (changed.kind === "Pod" ? claimsOf(store, changed) : []),
  reconcile(world, claim) {
    if (isTerminating(claim)) {
      if (usersOf(world.store, claim).length === 0) unprotect(world, claim);
      return undefined;
    }
    if (claim.status?.phase === "Bound") return undefined;
    const className = String(claim.spec.storageClassName);
    if (behaviourOf(world.rules(), claim).name === "pvc-pending") {
      const message = `failed to provision volume with StorageClass "${className}": rpc error: code = ResourceExhausted desc = quota 'DISKS_TOTAL_GB' exceeded`;
      record(world, provisioner, claim, { type: "Warning", reason: "ProvisioningFailed", message });
      return 15_000;
    }
    const storageClass = world.store.get("StorageClass", undefined, className);
    if (!storageClass) {
      const message = `storageclass.storage.k8s.io "${className}" not found`;
      record(world, "persistentvolume-controller", claim, {
        type: "Warning",
        reason: "ProvisioningFailed",
        message,
      });
      return 1_000;
    }
    if (storageClass.volumeBindingMode === "WaitForFirstConsumer" && usersOf(world.store, claim).length === 0)
      return undefined;
    const left = world.rules().volumeMs - (Date.now() - Date.parse(claim.metadata.creationTimestamp));
    if (world.rules().volumeMs > 0 && left > 0) return left;
    bind(world, claim, storageClass);
    return undefined;
  },
  gone(world, claim) {
    const volume = world.store.get("PersistentVolume", undefined, String(claim.spec.volumeName));
    if (!volume) return;
    if (volume.spec.persistentVolumeReclaimPolicy === "Delete") {
      deleteObject(world.registry, requireType("PersistentVolume"), undefined, volume.metadata.name);
    } else {
      world.registry.edit("PersistentVolume", volume, (draft) => (draft.status.phase = "Released"));
    }
  },
};

const claimNames = (pod: KubeObject): string[] =>
  ((pod.spec.volumes ?? []) as Loose[]).flatMap((volume) =>
    volume.persistentVolumeClaim ? [String(volume.persistentVolumeClaim.claimName)] : [],
  );

const claimsOf = (store: Store, pod: KubeObject): KubeObject[] =>
  claimNames(pod).flatMap((name) => store.get("PersistentVolumeClaim", pod.metadata.namespace, name) ?? []);

const usersOf = (store: Store, claim: KubeObject): KubeObject[] =>
  store
    .list("Pod", claim.metadata.namespace)
    .filter(
      (pod) =>
        claimNames(pod).includes(claim.metadata.name) &&
        !["Succeeded", "Failed"].includes(String(pod.status?.phase)),
    );

function unprotect(world: World, claim: KubeObject): void {
  if (!claim.metadata.finalizers?.includes(protection)) return;
  world.registry.edit("PersistentVolumeClaim", claim, ({ metadata }) => {
    metadata.finalizers = metadata.finalizers!.filter((name) => name !== protection);
  });
}

function bind(world: World, claim: KubeObject, storageClass: KubeObject): void {
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  const volumeName = `pvc-${uid}`;
  const storage = claim.spec.resources?.requests?.storage ?? "1Gi";
  const { accessModes, volumeMode, storageClassName } = claim.spec;
  const volume = world.registry.create(requireType("PersistentVolume"), undefined, {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: volumeName,
      annotations: { "pv.kubernetes.io/provisioned-by": provisioner },
      finalizers: [],
    } as unknown as KubeObject["metadata"],
    spec: {
      capacity: { storage },
      accessModes,
      volumeMode,
      storageClassName,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid, resourceVersion },
      hostPath: { path: `/simulated/${volumeName}`, type: "DirectoryOrCreate" },
    },
  });
  world.registry.edit("PersistentVolume", volume, (draft) => (draft.status = { phase: "Bound" }));
  world.registry.edit("PersistentVolumeClaim", claim, (draft) => {
    draft.metadata.annotations = {
      ...draft.metadata.annotations,
      "pv.kubernetes.io/bind-completed": "yes",
      "pv.kubernetes.io/bound-by-controller": "yes",
      "volume.kubernetes.io/storage-provisioner": provisioner,
    };
    draft.spec.volumeName = volumeName;
    draft.status = { phase: "Bound", accessModes, capacity: { storage } };
  });
  record(world, provisioner, claim, {
    type: "Normal",
    reason: "ProvisioningSucceeded",
    message: `Successfully provisioned volume ${volumeName}`,
  });
}
