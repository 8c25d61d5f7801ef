/** What the nodes have, and what pods have asked of them. */
import { type ClusterCapacity, quantity, requestOf } from "../../domain/capacity.ts";
import type { Api } from "./api.ts";
import { type Node, resources } from "./resources.ts";

/** Throws PermanentError KUBERNETES_FORBIDDEN where the builder may not see nodes, pods or quotas of the whole cluster. */
export async function readCapacity(api: Api): Promise<ClusterCapacity> {
  const fieldSelector = "status.phase!=Succeeded,status.phase!=Failed";
  const [nodes, pods, quotas] = await Promise.all([
    api.list(resources.nodes),
    api.list(resources.pods, { fieldSelector }),
    api.list(resources.quotas),
  ]);
  return {
    nodes: nodes.map(nodeView),
    pods: pods.map(({ metadata, spec }) => ({
      namespace: metadata?.namespace ?? "",
      node: spec?.nodeName,
      ...requestOf((spec ?? {}) as Parameters<typeof requestOf>[0]),
    })),
    quotas: quotas.map(({ metadata, spec }) => {
      const hard = spec?.hard ?? {};
      const of = (...names: string[]) => names.map((name) => hard[name]).find((value) => value !== undefined);
      const [cpu, memory, most] = [
        of("requests.cpu", "cpu"),
        of("requests.memory", "memory"),
        of("pods", "count/pods"),
      ];
      return {
        namespace: metadata?.namespace ?? "",
        name: metadata?.name ?? "",
        hard: {
          ...(cpu === undefined ? {} : { cpu: quantity(cpu) }),
          ...(memory === undefined ? {} : { memory: quantity(memory) }),
          ...(most === undefined ? {} : { pods: quantity(most) }),
        },
      };
    }),
  };
}

const keepsOut = new Set(["NoSchedule", "NoExecute"]);

/** A node with a taint takes only pods that tolerate it: the release's have none. */
function nodeView({ metadata, spec, status }: Node): ClusterCapacity["nodes"][number] {
  const ready = status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True");
  const tainted = spec?.taints?.some(({ effect }) => keepsOut.has(effect)) ?? false;
  const { cpu, memory, pods } = status?.allocatable ?? {};
  return {
    name: metadata?.name ?? "",
    schedulable: ready === true && spec?.unschedulable !== true && !tainted,
    allocatable: { cpu: quantity(cpu), memory: quantity(memory), pods: quantity(pods) },
  };
}
