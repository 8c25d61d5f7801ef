/** Gives pods a node, or says why none will do. */
import { record } from "./recorder.ts";
import { isTerminating } from "./loop.ts";
import type { Controller, World } from "./loop.ts";
import { setCondition } from "./pod-status.ts";
import { behaviourOf } from "./rules.ts";
import { timestamp } from "../types.ts";
import type { KubeObject, Loose } from "../types.ts";

const retryMs = 200;

export const scheduler: Controller = {
  kind: "Pod",
  reconcile(world, pod) {
    if (pod.spec.nodeName || isTerminating(pod)) return undefined;
    const nodes = world.store.list("Node");
    const problem = unfit(world, pod, nodes);
    if (problem) {
      const before = (pod.status.conditions as Loose[] | undefined)?.find(
        (item) => item.type === "PodScheduled",
      );
      if (before?.message !== problem) {
        world.registry.edit("Pod", pod, (draft) => {
          setCondition((draft.status.conditions ??= []), {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: problem,
          });
        });
        record(world, "default-scheduler", pod, {
          type: "Warning",
          reason: "FailedScheduling",
          message: problem,
        });
      }
      return retryMs;
    }
    const fitting = nodes.filter((node) => fits(pod, node));
    const node = fitting[world.random.below(fitting.length)]!.metadata.name;
    world.registry.edit("Pod", pod, (draft) => {
      draft.spec.nodeName = node;
      setCondition((draft.status.conditions ??= []), { type: "PodScheduled", status: "True" });
      draft.status.startTime ??= timestamp();
    });
    const message = `Successfully assigned ${pod.metadata.namespace ?? ""}/${pod.metadata.name} to ${node}`;
    record(world, "default-scheduler", pod, { type: "Normal", reason: "Scheduled", message });
    return undefined;
  },
};

const fits = (pod: KubeObject, node: KubeObject): boolean =>
  (node.status.conditions as Loose[]).some((item) => item.type === "Ready" && item.status === "True") &&
  Object.entries((pod.spec.nodeSelector ?? {}) as Record<string, string>).every(
    ([key, value]) => node.metadata.labels?.[key] === value,
  );

/** Why no node takes the pod, in the scheduler's words. */
function unfit({ store, rules }: World, pod: KubeObject, nodes: KubeObject[]): string | undefined {
  const none = `0/${nodes.length} nodes are available: `;
  const preemption = `preemption: 0/${nodes.length} nodes are available`;
  if (behaviourOf(rules(), pod).name === "unschedulable") {
    return `${none}${nodes.length} Insufficient memory. no new claims to deallocate, ${preemption}: ${nodes.length} No preemption victims found for incoming pod.`;
  }
  for (const volume of (pod.spec.volumes ?? []) as Loose[]) {
    const name = volume.persistentVolumeClaim?.claimName as string | undefined;
    if (name === undefined) continue;
    const claim = store.get("PersistentVolumeClaim", pod.metadata.namespace, name);
    if (!claim) return `persistentvolumeclaim "${name}" not found`;
    if (claim.status?.phase === "Bound") continue;
    return `${none}pod has unbound immediate PersistentVolumeClaims. not found`;
  }
  if (nodes.some((node) => fits(pod, node))) return undefined;
  const unfitting = `${nodes.length} node(s) didn't match Pod's node affinity/selector`;
  return `${none}${unfitting}. no new claims to deallocate, ${preemption}: ${nodes.length} Preemption is not helpful for scheduling.`;
}
