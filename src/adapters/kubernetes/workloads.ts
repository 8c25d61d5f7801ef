/** What is in a release's namespace, as views. */
import type {
  ClaimView,
  ContainerView,
  PodView,
  ServiceView,
  Workloads,
  WorkloadView,
} from "../../domain/workloads.ts";
import type { Api } from "./api.ts";
import {
  resources,
  type Claim,
  type DaemonSet,
  type Deployment,
  type Pod,
  type Service,
  type StatefulSet,
} from "./resources.ts";

/** Everything that readiness is judged by, asked for at once. */
export async function observe(api: Api, namespace: string): Promise<Workloads> {
  const [deployments, statefulSets, daemonSets, pods, claims, services] = await Promise.all([
    api.list(resources.deployments, { namespace }),
    api.list(resources.statefulSets, { namespace }),
    api.list(resources.daemonSets, { namespace }),
    api.list(resources.pods, { namespace }),
    api.list(resources.claims, { namespace }),
    api.list(resources.services, { namespace }),
  ]);
  return {
    workloads: [
      ...deployments.map((deployment) => replicated("Deployment", deployment)),
      ...statefulSets.map((statefulSet) => replicated("StatefulSet", statefulSet)),
      ...daemonSets.map(perNode),
    ],
    pods: pods.map(podView),
    claims: claims.map(claimView),
    services: services.map(serviceView),
  };
}

/** The pods of a namespace. */
export async function findPods(api: Api, namespace: string): Promise<PodView[]> {
  return (await api.list(resources.pods, { namespace })).map(podView);
}

export async function findServices(api: Api, namespace: string): Promise<ServiceView[]> {
  return (await api.list(resources.services, { namespace })).map(serviceView);
}

interface Described {
  metadata?: { name?: string; labels?: Record<string, string>; generation?: number };
}

const named = ({ metadata }: Described): { name: string; component: string } => {
  const name = metadata?.name ?? "";
  return { name, component: metadata?.labels?.name ?? name };
};

const isObserved = ({ metadata }: Described, observedGeneration: number | undefined): boolean =>
  (observedGeneration ?? 0) >= (metadata?.generation ?? 0);

function replicated(kind: "Deployment" | "StatefulSet", object: Deployment | StatefulSet): WorkloadView {
  const { spec, status } = object;
  return {
    kind,
    ...named(object),
    desired: spec?.replicas ?? 1,
    available: status?.availableReplicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    observed: isObserved(object, status?.observedGeneration),
  };
}

function perNode(daemonSet: DaemonSet): WorkloadView {
  const { status } = daemonSet;
  return {
    kind: "DaemonSet",
    ...named(daemonSet),
    desired: status?.desiredNumberScheduled ?? 0,
    available: status?.numberAvailable ?? 0,
    updated: status?.updatedNumberScheduled ?? 0,
    observed: isObserved(daemonSet, status?.observedGeneration),
  };
}

function podView(pod: Pod): PodView {
  const { metadata, status } = pod;
  const owners = metadata?.ownerReferences ?? [];
  return {
    ...named(pod),
    uid: metadata?.uid ?? "",
    phase: status?.phase ?? "Unknown",
    ready: conditionOf(pod, "Ready")?.status === "True",
    terminating: metadata?.deletionTimestamp !== undefined,
    ownerKind: (owners.find(({ controller }) => controller === true) ?? owners[0])?.kind,
    ...troubleOf(pod),
    containers: containersOf(pod),
  };
}

const conditionOf = ({ status }: Pod, type: string) =>
  status?.conditions?.find((candidate) => candidate.type === type);

function troubleOf(pod: Pod): Pick<PodView, "reason" | "message"> {
  const scheduled = conditionOf(pod, "PodScheduled");
  const { reason, message } = scheduled?.status === "False" ? scheduled : {};
  return { reason: pod.status?.reason ?? reason, message: pod.status?.message ?? message };
}

type ContainerStatus = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];

function containersOf({ spec, status }: Pod): ContainerView[] {
  const view = ({ name, image }: { name: string; image?: string }, init: boolean): ContainerView => {
    const all = init ? status?.initContainerStatuses : status?.containerStatuses;
    const seen = all?.find((candidate) => candidate.name === name);
    const ready = seen?.ready ?? false;
    return { name, image, init, ready, ...stateOf(seen), restarts: seen?.restartCount ?? 0 };
  };
  return [
    ...(spec?.initContainers ?? []).map((container) => view(container, true)),
    ...(spec?.containers ?? []).map((container) => view(container, false)),
  ];
}

/** A container without a status has not been made yet; one that waits for its next start says how it ended. */
function stateOf(
  status: ContainerStatus | undefined,
): Pick<ContainerView, "state" | "reason" | "message" | "exitCode"> {
  const { running, terminated, waiting } = status?.state ?? {};
  if (running) return { state: "running", reason: undefined, message: undefined, exitCode: undefined };
  if (terminated) {
    const { reason, message, exitCode } = terminated;
    return { state: "terminated", reason, message, exitCode };
  }
  const last = status?.lastState?.terminated;
  const ended = last && `last ended with ${last.reason ?? "Error"} (exit code ${last.exitCode})`;
  const message = [waiting?.message, ended].filter((part) => part !== undefined).join("; ");
  return {
    state: "waiting",
    reason: waiting?.reason,
    message: message === "" ? undefined : message,
    exitCode: last?.exitCode,
  };
}

const claimView = ({ metadata, status }: Claim): ClaimView => ({
  name: metadata?.name ?? "",
  phase: status?.phase ?? "Pending",
});

function serviceView(service: Service): ServiceView {
  const points = service.status?.loadBalancer?.ingress ?? [];
  const address = points.map(({ ip, hostname }) => ip ?? hostname).find((found) => found !== undefined);
  return { ...named(service), type: service.spec?.type ?? "ClusterIP", address };
}
