/** Pods made from a template, and how well a set of them does. */
import { createHash } from "node:crypto";
import { requireType } from "../resources.ts";
import { clone } from "../types.ts";
import type { KubeObject, Loose } from "../types.ts";
import { isTerminating, ownerReference } from "./loop.ts";
import type { World } from "./loop.ts";
import { record } from "./recorder.ts";

export function createPod(
  world: World,
  owner: KubeObject,
  name: { name: string } | { generateName: string },
  change: (pod: KubeObject) => void = () => undefined,
): KubeObject {
  const template = clone(owner.spec.template);
  const metadata = {
    ...template.metadata,
    ...name,
    namespace: owner.metadata.namespace,
    ownerReferences: [ownerReference(owner)],
  };
  const pod = { apiVersion: "v1", kind: "Pod", metadata, spec: template.spec } as KubeObject;
  change(pod);
  const made = world.registry.create(requireType("Pod"), owner.metadata.namespace, pod);
  const component = `${owner.kind.toLowerCase()}-controller`;
  const message =
    owner.kind === "StatefulSet"
      ? `Create Pod ${made.metadata.name} in StatefulSet ${owner.metadata.name} successful`
      : `Created pod: ${made.metadata.name}`;
  record(world, component, owner, { type: "Normal", reason: "SuccessfulCreate", message });
  return made;
}

/** A short hash that changes with a template. */
export function templateHash(template: unknown): string {
  const digest = createHash("sha256").update(JSON.stringify(template)).digest();
  return [...digest.subarray(0, 10)].map((byte) => "bcdfghjklmnpqrstvwxz2456789"[byte % 27]).join("");
}

export const isReady = (pod: KubeObject): boolean =>
  (pod.status?.conditions as Loose[] | undefined)?.some(
    (item) => item.type === "Ready" && item.status === "True",
  ) ?? false;

const isFinished = (pod: KubeObject): boolean => ["Succeeded", "Failed"].includes(String(pod.status?.phase));

/** Pods that count: neither ended nor ending. */
export const isActive = (pod: KubeObject): boolean => !isFinished(pod) && !isTerminating(pod);
