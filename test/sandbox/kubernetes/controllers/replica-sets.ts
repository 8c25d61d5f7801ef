/** ReplicaSets: as many pods as wanted. */
import { deleteObject } from "../deletion.ts";
import { requireType } from "../resources.ts";
import { controllerOf, isTerminating, ownedBy } from "./loop.ts";
import type { Controller } from "./loop.ts";
import { createPod, isActive, isReady } from "./pod-template.ts";

export const replicaSets: Controller = {
  kind: "ReplicaSet",
  concerns: (changed, store) => (changed.kind === "Pod" ? controllerOf(store, changed, "ReplicaSet") : []),
  reconcile(world, set) {
    const wanted = Number(set.spec.replicas);
    let pods = ownedBy(world.store, "Pod", set).filter(isActive);
    if (!isTerminating(set)) {
      for (let missing = wanted - pods.length; missing > 0; missing -= 1) {
        createPod(world, set, { generateName: `${set.metadata.name}-` });
      }
      const surplus = pods
        .sort((a, b) => Number(isReady(a)) - Number(isReady(b)))
        .slice(0, Math.max(0, pods.length - wanted));
      for (const { metadata } of surplus)
        deleteObject(world.registry, requireType("Pod"), metadata.namespace, metadata.name);
    }
    pods = ownedBy(world.store, "Pod", set).filter(isActive);
    const ready = pods.filter(isReady).length;
    world.registry.edit("ReplicaSet", set, (draft) => {
      draft.status = {
        replicas: pods.length,
        fullyLabeledReplicas: pods.length,
        ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
        observedGeneration: draft.metadata.generation,
      };
    });
    return undefined;
  },
};
