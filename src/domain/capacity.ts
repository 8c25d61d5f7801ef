/** Whether a second site fits beside what runs: the chart's requests against what the nodes have left; pure. */
import type { RenderedObject } from "./release.ts";

export interface Amount {
  /** Cores. */
  cpu: number;
  /** Bytes. */
  memory: number;
}

export interface NodeView {
  name: string;
  /** Whether new pods may be put there: ready and not cordoned. */
  schedulable: boolean;
  allocatable: Amount & { pods: number };
}

/** What a pod that is not over has asked for. */
export interface PodRequest extends Amount {
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
}

/** One pod that the release will have. */
interface Wanted extends Amount {
  component: string;
}

export interface Room {
  asked: Amount & { pods: number };
  free: Amount;
  nodes: number;
  /** Components whose pods find no node, with what each asks for. */
  homeless: Wanted[];
  /** Quotas that the release would exceed if its namespace had them too. */
  exceeded: string[];
}

const factors: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity as Kubernetes writes it: `500m`, `2Gi`, `1e3`; 0 for what is none. */
export function quantity(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return 0;
  const [, amount = "0", unit = ""] =
    /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(value.trim()) ?? [];
  return Number(amount) * (factors[unit] ?? 1);
}

interface Container {
  restartPolicy?: string | undefined;
  resources?: { requests?: Record<string, unknown>; limits?: Record<string, unknown> } | undefined;
}

export interface PodSpec {
  containers?: readonly Container[] | undefined;
  initContainers?: readonly Container[] | undefined;
  overhead?: Record<string, unknown> | undefined;
}

/** What a pod asks for: its containers together, or an init container that alone asks for more. */
export function requestOf({ containers = [], initContainers = [], overhead = {} }: PodSpec): Amount {
  const of = (resource: "cpu" | "memory") => {
    // A limit without a request is a request of the same size.
    const ask = ({ resources }: Container) =>
      quantity(resources?.requests?.[resource] ?? resources?.limits?.[resource]);
    const together = containers.reduce((sum, container) => sum + ask(container), 0);
    let [sidecars, first] = [0, 0];
    for (const container of initContainers) {
      if (container.restartPolicy === "Always") sidecars += ask(container);
      first = Math.max(first, sidecars + (container.restartPolicy === "Always" ? 0 : ask(container)));
    }
    return Math.max(together + sidecars, first) + quantity(overhead[resource]);
  };
  return { cpu: of("cpu"), memory: of("memory") };
}

/** The pods of a rendered chart. */
function podsOf(objects: readonly RenderedObject[], nodes: number): Wanted[] {
  return objects.flatMap(({ kind, name, manifest }) => {
    const spec = (manifest["spec"] ?? {}) as { replicas?: number; template?: { spec?: PodSpec } };
    const copies = kind === "DaemonSet" ? nodes : (spec.replicas ?? 1);
    if (kind !== "Deployment" && kind !== "StatefulSet" && kind !== "DaemonSet") return [];
    const one = { component: name, ...requestOf(spec.template?.spec ?? {}) };
    return Array.from({ length: copies }, () => one);
  });
}

/**
 * Puts the chart's pods on the nodes, the largest first. `goes` are namespaces that will be gone by then; `own` those of
 * this environment, whose quotas a new one would have too. What binds pods to nodes (affinity, disks) is not looked at.
 */
export function findRoom(
  { nodes, pods, quotas }: ClusterCapacity,
  objects: readonly RenderedObject[],
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
  const wanted = podsOf(objects, usable.length);
  const asked = { cpu: sum(wanted, "cpu"), memory: sum(wanted, "memory"), pods: wanted.length };
  const free = { cpu: sum(left, "cpu"), memory: sum(left, "memory") };
  const size = ({ cpu, memory }: Amount) => cpu / (free.cpu || 1) + memory / (free.memory || 1);
  const homeless = wanted
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
  return { asked, free, nodes: usable.length, homeless, exceeded: [...new Set(exceeded)] };
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

const mostNamed = 4;

/** The room in words: one line where it fits, the first of several where it does not. */
export function roomText({ asked, free, nodes, homeless, exceeded }: Room): string {
  const said = `a second site asks for ${cores(asked.cpu)} CPU and ${gibibytes(asked.memory)} in ${asked.pods} pods; free on ${nodes} ${nodes === 1 ? "node" : "nodes"}: ${cores(free.cpu)} CPU and ${gibibytes(free.memory)}`;
  const named = homeless
    .slice(0, mostNamed)
    .map(({ component, cpu, memory }) => `${component} (${cores(cpu)} CPU, ${gibibytes(memory)})`);
  const more = homeless.length > mostNamed ? ` and ${homeless.length - mostNamed} more` : "";
  const problems = [
    ...(homeless.length > 0 ? [`no node has room for ${named.join(", ")}${more}`] : []),
    ...exceeded,
  ];
  if (problems.length === 0) return said;
  return `${said}; ${problems.join("; ")}. Unless the cluster adds nodes by itself, pods will wait as unschedulable: make room first (docs/operations.md#cluster-updates)`;
}
