/** Nodes: one annotated as down falls silent, and is found NotReady when its lease has long run out. */
import { timestamp } from "../types.ts";
import type { KubeObject, Loose } from "../types.ts";
import type { Controller } from "./loop.ts";
import { record } from "./recorder.ts";

const annotation = "simulation.powo.kew.org/down";
const silentForMs = 50_000;

export const isDown = (node: KubeObject | undefined): boolean =>
  node?.metadata.annotations?.[annotation] === "true";

export function createNodes(): Controller {
  const silentSince = new Map<string, number>();
  return {
    kind: "Node",
    reconcile(world, node) {
      const { name } = node.metadata;
      if (!isDown(node)) {
        silentSince.delete(name);
        setReady(
          world.registry.edit.bind(world.registry),
          node,
          "True",
          "KubeletReady",
          "kubelet is posting ready status",
        );
        return undefined;
      }
      const since = silentSince.get(name) ?? Date.now();
      silentSince.set(name, since);
      const left = since + silentForMs - Date.now();
      if (left > 0) return left;
      setReady(
        world.registry.edit.bind(world.registry),
        node,
        "Unknown",
        "NodeStatusUnknown",
        "Kubelet stopped posting node status.",
      );
      record(world, "node-controller", node, {
        type: "Normal",
        reason: "NodeNotReady",
        message: `Node ${name} status is now: NodeNotReady`,
      });
      return undefined;
    },
  };
}

type Edit = (kind: string, object: KubeObject, change: (draft: KubeObject) => void) => unknown;

function setReady(edit: Edit, node: KubeObject, status: string, reason: string, message: string): void {
  edit("Node", node, (draft) => {
    const ready = (draft.status.conditions as Loose[]).find((item) => item.type === "Ready");
    if (ready && ready.status !== status)
      Object.assign(ready as object, { status, reason, message, lastTransitionTime: timestamp() });
  });
}
