/** Whether a second site fits beside what runs: the chart's requests against what the nodes have left; pure. */
export interface Amount {
  /** Cores. */
  cpu: number;
  /** Bytes. */
  memory: number;
}

interface NodeView {
  name: string;
  /** Whether new pods may be put there: ready and not cordoned. */
  schedulable: boolean;
  allocatable: Amount & { pods: number };
}

/** What a pod that is not over has asked for. */
interface PodRequest extends Amount {
  namespace: string;
  /** undefined: no node took it yet. */
  node: string | undefined;
}

/** Upper bounds of a namespace, as far as they are of these. */
export interface QuotaView {
  namespace: string;
  name: string;
  hard: Partial<Amount & { pods: number }>;
}

export interface ClusterCapacity {
  nodes: NodeView[];
  pods: PodRequest[];
  quotas: QuotaView[];
  /** What the release will have. */
  wanted: WantedPods[];
}

/** Pods of one component; each asks for the amount. */
export interface WantedPods extends Amount {
  component: string;
  copies: number | "one per node";
}

export interface Room {
  asked: Amount & { pods: number };
  free: Amount;
  nodes: number;
  /** Components whose pods find no node, with what each asks for. */
  unschedulable: WantedPods[];
  /** Quotas that the release would exceed if its namespace had them too. */
  exceeded: string[];
}

/**
 * Puts the chart's pods on the nodes, the largest first. `goes` are namespaces that will be gone by then; `own` those of
 * this environment, whose quotas a new one would have too. What binds pods to nodes (affinity, disks) is not looked at.
 */
export function findRoom(
  { nodes, pods, quotas, wanted }: ClusterCapacity,
  { goes, own }: { goes: ReadonlySet<string>; own: ReadonlySet<string> },
): Room {
  const usable = nodes.filter(({ schedulable }) => schedulable);
  const left = usable.map(({ name, allocatable }) => {
    const used = pods.filter(({ node, namespace }) => node === name && !goes.has(namespace));
    return {
      cpu: allocatable.cpu - sum(used, "cpu"),
      memory: allocatable.memory - sum(used, "memory"),
      pods: allocatable.pods - used.length,
    };
  });
  const each = wanted.flatMap((pod) =>
    Array.from({ length: pod.copies === "one per node" ? usable.length : pod.copies }, () => pod),
  );
  const asked = { cpu: sum(each, "cpu"), memory: sum(each, "memory"), pods: each.length };
  const free = { cpu: sum(left, "cpu"), memory: sum(left, "memory") };
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
  const exceeded = quotas
    .filter(({ namespace }) => own.has(namespace))
    .flatMap((quota) => over(quota, asked));
  return { asked, free, nodes: usable.length, unschedulable, exceeded: [...new Set(exceeded)] };
}

function sum(amounts: readonly Amount[], resource: "cpu" | "memory"): number {
  return amounts.reduce((total, amount) => total + amount[resource], 0);
}

function over({ name, hard }: QuotaView, asked: Room["asked"]): string[] {
  const limits = [
    ["CPU", hard.cpu, asked.cpu, cores],
    ["memory", hard.memory, asked.memory, gibibytes],
    ["pods", hard.pods, asked.pods, String],
  ] as const;
  return limits.flatMap(([what, most, wanted, say]) =>
    most !== undefined && wanted > most ? [`quota ${name} allows ${say(most)} of ${what}`] : [],
  );
}

function cores(cpu: number): string {
  return String(Math.round(cpu * 10) / 10);
}

function gibibytes(bytes: number): string {
  return `${Math.round((bytes / 2 ** 30) * 10) / 10} GiB`;
}

const maxNamed = 4;

/** The room in words: one line where it fits, the first of several where it does not. */
export function roomText({ asked, free, nodes, unschedulable, exceeded }: Room): string {
  const said = `a second site asks for ${cores(asked.cpu)} CPU and ${gibibytes(asked.memory)} in ${asked.pods} pods; free on ${nodes} ${nodes === 1 ? "node" : "nodes"}: ${cores(free.cpu)} CPU and ${gibibytes(free.memory)}`;
  const named = unschedulable
    .slice(0, maxNamed)
    .map(({ component, cpu, memory }) => `${component} (${cores(cpu)} CPU, ${gibibytes(memory)})`);
  const more = unschedulable.length > maxNamed ? ` and ${unschedulable.length - maxNamed} more` : "";
  const problems = [
    ...(unschedulable.length > 0 ? [`no node has room for ${named.join(", ")}${more}`] : []),
    ...exceeded,
  ];
  if (problems.length === 0) return said;
  return `${said}; ${problems.join("; ")}. Unless the cluster adds nodes by itself, pods will wait as unschedulable: make room first (docs/operations.md#cluster-updates)`;
}
