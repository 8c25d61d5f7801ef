/** StatefulSets: numbered pods with their claims, one after the other, replaced from the last to the first. */
import { deleteObject } from "../deletion.ts";
import { requireType } from "../resources.ts";
import { clone } from "../types.ts";
import type { KubeObject, Loose } from "../types.ts";
import { controllerOf, isTerminating, ownedBy } from "./loop.ts";
import type { Controller, World } from "./loop.ts";
import { createPod, isReady, templateHash } from "./pod-template.ts";

const revisionLabel = "controller-revision-hash";

export const statefulSets: Controller = {
  kind: "StatefulSet",
  concerns: (changed, store) => (changed.kind === "Pod" ? controllerOf(store, changed, "StatefulSet") : []),
  reconcile(world, set) {
    if (isTerminating(set)) return undefined;
    const revision = `${set.metadata.name}-${templateHash(set.spec.template)}`;
    const wanted = Number(set.spec.replicas);
    const pods = podsOf(world, set);
    for (const [index, pod] of pods) {
      if (index >= wanted && !isTerminating(pod)) removePod(world, pod);
    }
    fill(world, set, pods, wanted, revision);
    const outdated = [...pods].filter(
      ([index, pod]) => index < wanted && pod.metadata.labels?.[revisionLabel] !== revision,
    );
    const settled = [...pods.values()].every((pod) => isReady(pod) && !isTerminating(pod));
    const last = outdated.sort(([a], [b]) => b - a)[0];
    const broken = [...pods.values()].find(
      (pod) => !isReady(pod) && pod.metadata.labels?.[revisionLabel] !== revision,
    );
    if (set.spec.updateStrategy.type !== "OnDelete" && last && (settled || broken))
      removePod(world, broken ?? last[1]);
    writeStatus(world, set, revision);
    return undefined;
  },
};

function podsOf(world: World, set: KubeObject): Map<number, KubeObject> {
  const owned = ownedBy(world.store, "Pod", set);
  return new Map(owned.map((pod) => [Number(/\d+$/.exec(pod.metadata.name)?.[0]), pod]));
}

const removePod = (world: World, { metadata }: KubeObject): void => {
  if (metadata.deletionTimestamp) return;
  deleteObject(world.registry, requireType("Pod"), metadata.namespace, metadata.name);
};

/** Makes pods that are missing; each waits for those before it unless they may start together. */
function fill(
  world: World,
  set: KubeObject,
  pods: Map<number, KubeObject>,
  wanted: number,
  revision: string,
): void {
  for (let index = 0; index < wanted; index += 1) {
    const pod = pods.get(index);
    const ended = pod && ["Failed", "Succeeded"].includes(String(pod.status?.phase));
    if (ended) removePod(world, pod);
    if (!pod) createMember(world, set, index, revision);
    if (set.spec.podManagementPolicy === "OrderedReady" && !(pod && isReady(pod))) return;
  }
}

function createMember(world: World, set: KubeObject, index: number, revision: string): void {
  const { name, namespace } = set.metadata;
  const claims = (set.spec.volumeClaimTemplates ?? []) as Loose[];
  const claimType = requireType("PersistentVolumeClaim");
  const volumes = claims.map((template) => {
    const claimName = `${String(template.metadata.name)}-${name}-${index}`;
    if (!world.store.get("PersistentVolumeClaim", namespace, claimName)) {
      const labels = { ...set.spec.selector.matchLabels, ...template.metadata.labels };
      const claim = { ...clone(template), metadata: { ...template.metadata, name: claimName, labels } };
      world.registry.create(claimType, namespace, claim);
    }
    return { name: template.metadata.name, persistentVolumeClaim: { claimName } };
  });
  createPod(world, set, { name: `${name}-${index}` }, (pod) => {
    pod.metadata.generateName = `${name}-`;
    pod.metadata.labels = {
      ...pod.metadata.labels,
      [revisionLabel]: revision,
      "statefulset.kubernetes.io/pod-name": `${name}-${index}`,
      "apps.kubernetes.io/pod-index": String(index),
    };
    const own = ((pod.spec.volumes ?? []) as Loose[]).filter(
      (volume) => !volumes.some((claim) => claim.name === volume.name),
    );
    if (volumes.length > 0) pod.spec.volumes = [...own, ...volumes];
    Object.assign(pod.spec, { hostname: `${name}-${index}`, subdomain: set.spec.serviceName });
  });
}

function writeStatus(world: World, set: KubeObject, revision: string): void {
  const pods = [...podsOf(world, set).values()].filter((pod) => !isTerminating(pod));
  const updated = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === revision);
  const ready = pods.filter(isReady).length;
  const done = updated.length === Number(set.spec.replicas) && updated.every(isReady);
  world.registry.edit("StatefulSet", set, (draft) => {
    const currentRevision = done ? revision : (draft.status?.currentRevision ?? revision);
    const current = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === currentRevision).length;
    draft.status = {
      observedGeneration: draft.metadata.generation,
      replicas: pods.length,
      ...(ready > 0 && { readyReplicas: ready }),
      availableReplicas: ready,
      ...(current > 0 && { currentReplicas: current }),
      ...(updated.length > 0 && { updatedReplicas: updated.length }),
      currentRevision,
      updateRevision: revision,
      collisionCount: 0,
    };
  });
}
