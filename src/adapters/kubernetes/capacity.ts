/** What the nodes have, what pods have asked of them, and what a release would ask: all in numbers. */
import type { CoreV1Api, V1Container, V1Node, V1PodSpec } from "@kubernetes/client-node";
import { findSuffix, quantityToScalar } from "@kubernetes/client-node/dist/util.js";
import type { Amount, ClusterCapacity, WantedPods } from "../../domain/capacity.ts";
import type { RenderedObject } from "../../domain/release.ts";
import { listAll } from "./client.ts";
import { unlessRefused } from "./failures.ts";

/** See Cluster.capacity. */
export async function readCapacity(
  core: CoreV1Api,
  release: readonly RenderedObject[],
): Promise<ClusterCapacity | undefined> {
  const fieldSelector = "status.phase!=Succeeded,status.phase!=Failed";
  const all = Promise.all([
    listAll((query) => core.listNode(query)),
    listAll((query) => core.listPodForAllNamespaces({ fieldSelector, ...query })),
    listAll((query) => core.listResourceQuotaForAllNamespaces(query)),
  ]);
  const found = await unlessRefused(all, 403);
  if (!found) return undefined;
  const [nodes, pods, quotas] = found;
  return {
    nodes: nodes.map(nodeView),
    pods: pods.map(({ metadata, spec }) => ({
      ...{ namespace: metadata?.namespace ?? "", node: spec?.nodeName },
      ...requestOf(spec),
    })),
    quotas: quotas.map(({ metadata, spec: { hard = {} } = {} }) => ({
      ...{ namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" },
      hard: {
        cpu: boundOf(hard["requests.cpu"] ?? hard.cpu),
        memory: boundOf(hard["requests.memory"] ?? hard.memory),
        pods: boundOf(hard.pods ?? hard["count/pods"]),
      },
    })),
    wanted: wantedBy(release),
  };
}

const boundOf = (quantity: string | undefined) => (quantity === undefined ? undefined : numberOf(quantity));

const keepsOut = new Set(["NoSchedule", "NoExecute"]);

/** A node with a taint takes only pods that tolerate it: the release's have none. */
function nodeView({ metadata, spec, status }: V1Node): ClusterCapacity["nodes"][number] {
  const ready = status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True");
  const tainted = spec?.taints?.some(({ effect }) => keepsOut.has(effect)) ?? false;
  const { cpu, memory, pods } = status?.allocatable ?? {};
  return {
    name: metadata?.name ?? "",
    schedulable: ready === true && spec?.unschedulable !== true && !tainted,
    allocatable: { cpu: numberOf(cpu), memory: numberOf(memory), pods: numberOf(pods) },
  };
}

/** The pods of a rendered chart. */
export function wantedBy(release: readonly RenderedObject[]): WantedPods[] {
  return release.flatMap(({ kind, name, manifest }) => {
    if (kind !== "Deployment" && kind !== "StatefulSet" && kind !== "DaemonSet") return [];
    const spec = (manifest["spec"] ?? {}) as { replicas?: number; template?: { spec?: V1PodSpec } };
    const copies = kind === "DaemonSet" ? "one per node" : (spec.replicas ?? 1);
    return [{ component: name, copies, ...requestOf(spec.template?.spec) }];
  });
}

/** What a pod asks for: its containers together, or an init container that alone asks for more. */
export function requestOf({
  containers = [],
  initContainers = [],
  overhead = {},
}: Partial<V1PodSpec> = {}): Amount {
  const of = (resource: "cpu" | "memory") => {
    // A limit without a request is a request of the same size.
    const ask = ({ resources }: V1Container) =>
      numberOf(resources?.requests?.[resource] ?? resources?.limits?.[resource]);
    const together = containers.reduce((sum, container) => sum + ask(container), 0);
    let [sidecars, first] = [0, 0];
    for (const container of initContainers) {
      if (container.restartPolicy === "Always") sidecars += ask(container);
      else first = Math.max(first, sidecars + ask(container));
    }
    return Math.max(together + sidecars, first) + numberOf(overhead[resource]);
  };
  return { cpu: of("cpu"), memory: of("memory") };
}

/** A quantity as Kubernetes or a chart writes it: `500m`, `2Gi`, `1e3`, 2; 0 for what is none. */
export function numberOf(quantity: string | number | undefined): number {
  const text = String(quantity ?? "").trim();
  const suffix = findSuffix(text);
  try {
    // client-node takes no fraction of a unit (1.5Gi): the API server never writes one, charts do.
    return Number(text.slice(0, text.length - suffix.length)) * Number(quantityToScalar(`1${suffix}`)) || 0;
  } catch {
    return 0;
  }
}
