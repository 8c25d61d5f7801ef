/** An own view of readiness: what is ready, what is waited for, and where waiting can't help. */
import type { ContainerView, PodView, Workloads, WorkloadView } from "./workloads.ts";

export interface Culprit {
  component: string;
  pod: string;
  container: string;
  reason: string;
  message: string;
  /** A crash says so by itself; a bad image or configuration must be seen for a while, registries have bad minutes. */
  certain: boolean;
}

export interface Readiness {
  ready: number;
  total: number;
  /** What is not ready yet, by the reason in words: `harvester, portal (init: wait-for-db)`. */
  waiting: string[];
  culprits: Culprit[];
  /** Address per mapped service, as far as there is one. */
  addresses: Record<string, string>;
}

/** How many restarts make a crash loop that waiting won't mend: the third follows about a minute of them. */
const crashesThatCount = 3;
const hopelessReasons = new Set([
  ...["InvalidImageName", "ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "ImageInspectError"],
  ...["CreateContainerConfigError", "CreateContainerError", "RunContainerError"],
]);

/** Judges a release's namespace; `mapped` are the services whose addresses DNS needs. */
export function judgeReadiness(view: Workloads, mapped: readonly string[]): Readiness {
  const unready = view.workloads.filter((workload) => !isReady(workload));
  const unbound = view.claims.filter(({ phase }) => phase !== "Bound");
  const addresses: Record<string, string> = {};
  for (const service of mapped) {
    const address = serviceOf(view, service)?.address;
    if (address !== undefined) addresses[service] = address;
  }
  const missing = mapped.filter((service) => !(service in addresses));
  return {
    ready: view.workloads.length - unready.length,
    total: view.workloads.length,
    waiting: [
      ...byReason(unready.map((workload) => [whyUnready(workload, view), workload.component] as const)),
      ...unbound.map(({ name, phase }) => `volume ${name} (${phase.toLowerCase()})`),
      ...(unready.length > 0 ? [] : missing.map((service) => missingAddress(service, view))),
    ],
    culprits: view.pods.filter(isCurrent).flatMap(culpritsOf),
    addresses,
  };
}

/** `the address of ingress`, with what its load balancer has instead: DNS gets A records, which hold IPv4 addresses. */
function missingAddress(service: string, view: Workloads): string {
  const others = serviceOf(view, service)?.otherAddresses ?? [];
  const seen = others.length > 0 ? ` (an IPv4 one; its load balancer has only ${others.join(", ")})` : "";
  return `the address of ${service}${seen}`;
}

function serviceOf({ services }: Workloads, component: string) {
  return services.find((candidate) => candidate.component === component);
}

/** Eleven components that all start make one item, not eleven. */
function byReason(pairs: readonly (readonly [reason: string, component: string])[]): string[] {
  const groups = new Map<string, string[]>();
  for (const [reason, component] of pairs) groups.set(reason, [...(groups.get(reason) ?? []), component]);
  return [...groups].map(([reason, components]) => `${components.join(", ")} (${reason})`);
}

/** `5 of 11 ready; waiting for harvester, portal (init: wait-for-db); solr (volume pending)`. */
export function readinessText({ ready, total, waiting }: Readiness): string {
  return `${ready} of ${total} ready; waiting for ${waiting.join("; ") || "the first pods"}`;
}

/** Whether everything the release needs is there. */
export function isAllReady({ total, waiting }: Readiness): boolean {
  return total > 0 && waiting.length === 0;
}

function isReady({ observed, available, updated, desired }: WorkloadView): boolean {
  return observed && available >= desired && updated >= desired;
}

/** Pods that finished well or were replaced say nothing about what is to come. */
function isCurrent(pod: PodView): boolean {
  return !pod.terminating && pod.phase !== "Succeeded" && pod.phase !== "Failed" && pod.ownerKind !== "Job";
}

export interface Unready {
  component: string;
  /** undefined: it has no pod at all. */
  pod: string | undefined;
  reason: string;
  /** Containers whose log may tell more. */
  containers: string[];
}

/** Every pod that is not ready, and every component without one, with the reason in words; what failed first. */
export function findUnready(view: Workloads): Unready[] {
  const failed = new Set(view.pods.filter(hasFailed).map(({ name }) => name));
  const rank = ({ pod }: Unready) => (pod !== undefined && failed.has(pod) ? 0 : 1);
  const unready = view.workloads
    .filter((workload) => !isReady(workload))
    .flatMap((workload): Unready[] => {
      const { component } = workload;
      const pods = view.pods.filter((pod) => pod.component === component && isCurrent(pod) && !pod.ready);
      if (pods.length === 0)
        return [{ component, pod: undefined, reason: whyUnready(workload, view), containers: [] }];
      return pods.map((pod) => ({
        ...{ component, pod: pod.name, reason: whyUnready(workload, { ...view, pods: [pod] }) },
        containers: pod.containers.filter(mayTell).map(({ name }) => name),
      }));
    });
  return unready.toSorted((one, other) => rank(one) - rank(other));
}

/** Whether a pod is in trouble rather than starting: others may be waiting for it. */
function hasFailed({ containers }: PodView): boolean {
  return containers.some(
    ({ restarts, exitCode = 0, reason = "" }) =>
      restarts > 0 || exitCode !== 0 || hopelessReasons.has(reason),
  );
}

function mayTell(container: ContainerView): boolean {
  if (container.ready || isFinished(container)) return false;
  return container.state !== "waiting" || container.restarts > 0;
}

function whyUnready(workload: WorkloadView, { pods, claims }: Workloads): string {
  const own = pods.filter((pod) => pod.component === workload.component && pod.ownerKind !== "Job");
  const pod = own.find((candidate) => isCurrent(candidate) && !candidate.ready) ?? own.find(isCurrent);
  if (!pod) {
    const failed = own.find(({ phase }) => phase === "Failed");
    return failed ? `pod ${(failed.reason ?? "failed").toLowerCase()}` : "no pod yet";
  }
  if (pod.ready) return "becoming available";
  if (pod.phase === "Pending" && pod.containers.length === 0) {
    if (claims.some(({ phase }) => phase !== "Bound") && /volume|claim/i.test(pod.message ?? ""))
      return "volume pending";
    return pod.reason === "Unschedulable" ? `unschedulable: ${firstSentence(pod.message)}` : "pending";
  }
  if (pod.reason === "Unschedulable") return `unschedulable: ${firstSentence(pod.message)}`;
  const init = pod.containers.find((container) => container.init && !isFinished(container));
  if (init) return `init: ${init.name}${troubleOf(init)}`;
  const container = pod.containers.find((candidate) => !candidate.init && !candidate.ready);
  return container ? (container.state === "running" ? "starting" : stateOf(container)) : "starting";
}

function isFinished({ state, exitCode }: ContainerView): boolean {
  return state === "terminated" && exitCode === 0;
}

function troubleOf(container: ContainerView): string {
  return container.state === "waiting" && container.reason && container.reason !== "PodInitializing"
    ? `, ${container.reason}`
    : "";
}

function stateOf({ reason, restarts }: ContainerView): string {
  if (reason === undefined || reason === "ContainerCreating" || reason === "PodInitializing")
    return "starting";
  if (restarts === 0) return reason;
  return `${reason}, ${restarts} ${restarts === 1 ? "restart" : "restarts"}`;
}

function firstSentence(message: string | undefined): string {
  return (message ?? "no node fits").split(". ")[0]?.slice(0, 120) ?? "";
}

function culpritsOf(pod: PodView): Culprit[] {
  return pod.containers.flatMap((container) => {
    const { reason, restarts } = container;
    const crashing =
      restarts >= crashesThatCount && (reason === "CrashLoopBackOff" || reason === "OOMKilled");
    if (!crashing && !(container.state === "waiting" && hopelessReasons.has(reason ?? ""))) return [];
    const where = { component: pod.component, pod: pod.name, container: container.name };
    return [{ ...where, reason: reason ?? "", message: container.message ?? "", certain: crashing }];
  });
}
