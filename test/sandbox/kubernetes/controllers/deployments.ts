/** Deployments: a ReplicaSet per template, the old ones scaled down as the new one becomes ready. */
import { deleteObject } from "../deletion.ts";
import { requireType } from "../resources.ts";
import { clone, timestamp } from "../types.ts";
import type { KubeObject, Loose } from "../types.ts";
import { controllerOf, isTerminating, ownedBy, ownerReference } from "./loop.ts";
import type { Controller, World } from "./loop.ts";
import { templateHash } from "./pod-template.ts";
import { setCondition } from "./pod-status.ts";
import { record } from "./recorder.ts";

const revisionAnnotation = "deployment.kubernetes.io/revision";
const hashLabel = "pod-template-hash";

export const deployments: Controller = {
  kind: "Deployment",
  concerns: (changed, store) =>
    changed.kind === "ReplicaSet" ? controllerOf(store, changed, "Deployment") : [],
  reconcile(world, deployment) {
    if (isTerminating(deployment)) return undefined;
    const sets = ownedBy(world.store, "ReplicaSet", deployment);
    const hash = templateHash(deployment.spec.template);
    const old = sets.filter((set) => set.metadata.labels?.[hashLabel] !== hash);
    const current =
      sets.find((set) => set.metadata.labels?.[hashLabel] === hash) ??
      createSet(world, deployment, hash, sets);
    if (!deployment.spec.paused) rollOut(world, deployment, current, old);
    return writeStatus(world, deployment, hash);
  },
};

const revisionOf = (object: KubeObject): number =>
  Number(object.metadata.annotations?.[revisionAnnotation] ?? 0);

function createSet(world: World, deployment: KubeObject, hash: string, sets: KubeObject[]): KubeObject {
  const template = clone(deployment.spec.template);
  template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [hashLabel]: hash } };
  const selector = clone(deployment.spec.selector);
  selector.matchLabels = { ...selector.matchLabels, [hashLabel]: hash };
  const revision = String(Math.max(0, ...sets.map(revisionOf)) + 1);
  const metadata = {
    name: `${deployment.metadata.name}-${hash}`,
    labels: template.metadata.labels,
    annotations: {
      ...inherited(deployment),
      [revisionAnnotation]: revision,
      "deployment.kubernetes.io/desired-replicas": String(deployment.spec.replicas),
    },
    ownerReferences: [ownerReference(deployment)],
  };
  const atOnce = deployment.spec.strategy.type !== "Recreate" || sets.length === 0;
  const replicas = atOnce && !deployment.spec.paused ? Number(deployment.spec.replicas) : 0;
  const spec = { replicas, selector, template };
  const body = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata, spec } as unknown as KubeObject;
  const made = world.registry.create(requireType("ReplicaSet"), deployment.metadata.namespace, body);
  if (replicas > 0) tellScaled(world, deployment, made, 0, replicas);
  return made;
}

/** A ReplicaSet has its Deployment's annotations, apart from those about writing the Deployment. */
function inherited(deployment: KubeObject): Record<string, string> {
  const own = [revisionAnnotation, "kubectl.kubernetes.io/last-applied-configuration"];
  return Object.fromEntries(
    Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !own.includes(key)),
  );
}

function rollOut(world: World, deployment: KubeObject, current: KubeObject, old: KubeObject[]): void {
  const wanted = Number(deployment.spec.replicas);
  const active = old.filter((set) => Number(set.spec.replicas) > 0 || Number(set.status?.replicas ?? 0) > 0);
  const recreate = deployment.spec.strategy.type === "Recreate";
  const podsGone = !active.some((set) => ownedBy(world.store, "Pod", set).length > 0);
  if (!recreate || podsGone) scale(world, deployment, current, wanted);
  const revision = Math.max(revisionOf(current), ...old.map((set) => revisionOf(set) + 1));
  setRevision(world, current, revision);
  setRevision(world, deployment, revision);
  const replaced = Number(
    world.store.get("ReplicaSet", current.metadata.namespace, current.metadata.name)?.status?.readyReplicas ??
      0,
  );
  if (recreate || replaced >= wanted) for (const set of active) scale(world, deployment, set, 0);
  const keep = Number(deployment.spec.revisionHistoryLimit);
  const idle = old.filter((set) => !active.includes(set)).sort((a, b) => revisionOf(b) - revisionOf(a));
  for (const { metadata } of idle.slice(keep))
    deleteObject(world.registry, requireType("ReplicaSet"), metadata.namespace, metadata.name);
}

function setRevision(world: World, object: KubeObject, revision: number): void {
  if (revisionOf(object) === revision) return;
  world.registry.edit(object.kind, object, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, [revisionAnnotation]: String(revision) };
  });
}

function scale(world: World, deployment: KubeObject, set: KubeObject, replicas: number): void {
  const before = Number(set.spec.replicas);
  if (before === replicas) return;
  world.registry.edit("ReplicaSet", set, (draft) => (draft.spec.replicas = replicas));
  tellScaled(world, deployment, set, before, replicas);
}

function tellScaled(
  world: World,
  deployment: KubeObject,
  set: KubeObject,
  before: number,
  replicas: number,
): void {
  const message = `Scaled ${replicas > before ? "up" : "down"} replica set ${set.metadata.name} from ${before} to ${replicas}`;
  record(world, "deployment-controller", deployment, {
    type: "Normal",
    reason: "ScalingReplicaSet",
    message,
  });
}

/** Writes counts and conditions; returns when the progress deadline is due. */
function writeStatus(world: World, deployment: KubeObject, hash: string): number | undefined {
  const sets = ownedBy(world.store, "ReplicaSet", deployment);
  const sum = (field: string, of = sets) =>
    of.reduce((total, set) => total + Number(set.status?.[field] ?? 0), 0);
  const current = sets.filter((set) => set.metadata.labels?.[hashLabel] === hash);
  const wanted = Number(deployment.spec.replicas);
  const [replicas, updated, ready] = [sum("replicas"), sum("replicas", current), sum("readyReplicas")];
  const allowed = deployment.spec.strategy.type === "Recreate" ? 0 : Math.floor(wanted * 0.25);
  const complete = updated === wanted && replicas === wanted && ready >= wanted;
  const set = current[0]?.metadata.name ?? "";
  const deadlineMs = Number(deployment.spec.progressDeadlineSeconds) * 1000;
  const before = (deployment.status?.conditions as Loose[] | undefined)?.find(
    (item) => item.type === "Progressing",
  );
  const since =
    before && String(before.message).includes(`"${set}"`)
      ? Date.parse(String(before.lastUpdateTime))
      : Date.now();
  const late = !complete && Date.now() - since >= deadlineMs;
  world.registry.edit("Deployment", deployment, (draft) => {
    const conditions = (draft.status?.conditions ?? []) as Loose[];
    const available = ready >= wanted - allowed;
    setDated(
      conditions,
      "Available",
      available,
      available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
      available ? "Deployment has minimum availability." : "Deployment does not have minimum availability.",
    );
    if (complete)
      setDated(
        conditions,
        "Progressing",
        true,
        "NewReplicaSetAvailable",
        `ReplicaSet "${set}" has successfully progressed.`,
      );
    else if (late)
      setDated(
        conditions,
        "Progressing",
        false,
        "ProgressDeadlineExceeded",
        `ReplicaSet "${set}" has timed out progressing.`,
      );
    else
      setDated(conditions, "Progressing", true, "ReplicaSetUpdated", `ReplicaSet "${set}" is progressing.`);
    const unavailable = Math.max(0, wanted - ready);
    draft.status = {
      observedGeneration: draft.metadata.generation,
      ...(replicas > 0 && { replicas }),
      ...(updated > 0 && { updatedReplicas: updated }),
      ...(ready > 0 && { readyReplicas: ready, availableReplicas: ready }),
      ...(unavailable > 0 && { unavailableReplicas: unavailable }),
      conditions,
    };
  });
  return complete || late ? undefined : Math.max(50, deadlineMs - (Date.now() - since));
}

function setDated(conditions: Loose[], type: string, value: boolean, reason: string, message: string): void {
  const old = conditions.find((item) => item.type === type);
  const lastUpdateTime = old?.reason === reason && old.message === message ? old.lastUpdateTime : timestamp();
  setCondition(conditions, { type, status: value ? "True" : "False", reason, message, lastUpdateTime });
}
