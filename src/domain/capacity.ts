/** Whether a second site fits beside what runs: the chart's requests against what the nodes have left; pure. */
export interface Amount {
  /** Cores. */
  cpu: number;
  /** Bytes. */
  memory: number;
}

export interface ClusterCapacity {
  nodes: {
    name: string;
    /** Whether new pods may be put there: ready and not cordoned. */
    schedulable: boolean;
    allocatable: Amount & { pods: number };
  }[];
  /** What pods that are not over have asked for; `node` is undefined where none took it yet. */
  pods: (Amount & { namespace: string; node: string | undefined })[];
  /** What the release will have. */
  wanted: WantedPods[];
}

/** Pods of one component; each asks for the amount. */
export interface WantedPods extends Amount {
  component: string;
  copies: number | "one per node";
}

/**
 * Puts the chart's pods on the nodes, the largest first, and returns those that don't fit. `goes` are namespaces that will be
 * gone by then. What binds pods to nodes (affinity, disks) is not looked at.
 */
export function findRoom({ nodes, pods, wanted }: ClusterCapacity, goes: ReadonlySet<string>) {
  const usable = nodes.filter(({ schedulable }) => schedulable);
  const left = usable.map(({ name, allocatable }) => {
    const used = pods.filter(({ node, namespace }) => node === name && !goes.has(namespace));
    const { cpu, memory } = sum(used);
    return {
      cpu: allocatable.cpu - cpu,
      memory: allocatable.memory - memory,
      pods: allocatable.pods - used.length,
    };
  });
  const each = wanted.flatMap((pod) =>
    Array.from({ length: pod.copies === "one per node" ? usable.length : pod.copies }, () => pod),
  );
  const asked = { ...sum(each), pods: each.length };
  const free = sum(left);
  const size = ({ cpu, memory }: Amount) => cpu / (free.cpu || 1) + memory / (free.memory || 1);
  const unschedulable = each
    .toSorted((one, other) => size(other) - size(one))
    .filter((pod) => {
      const node = left.find((room) => room.cpu >= pod.cpu && room.memory >= pod.memory && room.pods >= 1);
      if (!node) return true;
      node.cpu -= pod.cpu;
      node.memory -= pod.memory;
      node.pods -= 1;
      return false;
    });
  return { asked, free, nodes: usable.length, unschedulable };
}

const sum = (amounts: readonly Amount[]): Amount => ({
  cpu: amounts.reduce((total, { cpu }) => total + cpu, 0),
  memory: amounts.reduce((total, { memory }) => total + memory, 0),
});

const cores = (cpu: number) => String(Math.round(cpu * 10) / 10);
const gibibytes = (bytes: number) => `${Math.round((bytes / 2 ** 30) * 10) / 10} GiB`;

const maxNamed = 4;

/** The room in words: one line where it fits, the first of several where it does not. */
export function roomText({ asked, free, nodes, unschedulable }: ReturnType<typeof findRoom>): string {
  const said = `a second site requests ${cores(asked.cpu)} CPU and ${gibibytes(asked.memory)} in ${asked.pods} pods; free on ${nodes} ${nodes === 1 ? "node" : "nodes"}: ${cores(free.cpu)} CPU and ${gibibytes(free.memory)}`;
  if (unschedulable.length === 0) return said;
  const named = unschedulable
    .slice(0, maxNamed)
    .map(({ component, cpu, memory }) => `${component} (${cores(cpu)} CPU, ${gibibytes(memory)})`);
  const more = unschedulable.length > maxNamed ? ` and ${unschedulable.length - maxNamed} more` : "";
  return `${said}; no node has room for ${named.join(", ")}${more}. Unless the cluster autoscales, pods will stay unschedulable: make room first (docs/operations.md#cluster-updates)`;
}
