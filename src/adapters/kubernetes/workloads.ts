/** What is in a release's namespace, as views. */
import { isIPv4 } from "node:net";
import type {
  AppsV1Api,
  CoreV1Api,
  V1ContainerStatus,
  V1DaemonSet,
  V1Deployment,
  V1ObjectMeta,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Service,
  V1StatefulSet,
} from "@kubernetes/client-node";
import type {
  ClaimView,
  ContainerView,
  PodView,
  ServiceView,
  Workloads,
  WorkloadView,
} from "../../domain/workloads.ts";
import { listAll } from "./client.ts";

/** Everything that readiness is judged by, asked for at once. */
export async function observe(
  { core, apps }: { core: CoreV1Api; apps: AppsV1Api },
  namespace: string,
): Promise<Workloads> {
  const [deployments, statefulSets, daemonSets, pods, claims, services] = await Promise.all([
    listAll((query) => apps.listNamespacedDeployment({ namespace, ...query })),
    listAll((query) => apps.listNamespacedStatefulSet({ namespace, ...query })),
    listAll((query) => apps.listNamespacedDaemonSet({ namespace, ...query })),
    findPods(core, namespace),
    listAll((query) => core.listNamespacedPersistentVolumeClaim({ namespace, ...query })),
    findServices(core, namespace),
  ]);
  return {
    workloads: [
      ...deployments.map((deployment) => replicated("Deployment", deployment)),
      ...statefulSets.map((statefulSet) => replicated("StatefulSet", statefulSet)),
      ...daemonSets.map(perNode),
    ],
    pods,
    claims: claims.map(claimView),
    services,
  };
}

/** The pods of a namespace. */
export async function findPods(core: CoreV1Api, namespace: string): Promise<PodView[]> {
  return (await listAll((query) => core.listNamespacedPod({ namespace, ...query }))).map(podView);
}

export async function findServices(core: CoreV1Api, namespace: string): Promise<ServiceView[]> {
  return (await listAll((query) => core.listNamespacedService({ namespace, ...query }))).map(serviceView);
}

interface Described {
  metadata?: V1ObjectMeta;
}

const named = ({ metadata }: Described): { name: string; component: string } => {
  const name = metadata?.name ?? "";
  return { name, component: metadata?.labels?.name ?? name };
};

const isObserved = ({ metadata }: Described, observedGeneration: number | undefined): boolean =>
  (observedGeneration ?? 0) >= (metadata?.generation ?? 0);

function replicated(kind: "Deployment" | "StatefulSet", object: V1Deployment | V1StatefulSet): WorkloadView {
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

function perNode(daemonSet: V1DaemonSet): WorkloadView {
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

function podView(pod: V1Pod): PodView {
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

const conditionOf = ({ status }: V1Pod, type: string) =>
  status?.conditions?.find((candidate) => candidate.type === type);

function troubleOf(pod: V1Pod): Pick<PodView, "reason" | "message"> {
  const scheduled = conditionOf(pod, "PodScheduled");
  const { reason, message } = scheduled?.status === "False" ? scheduled : {};
  return { reason: pod.status?.reason ?? reason, message: pod.status?.message ?? message };
}

function containersOf({ spec, status }: V1Pod): ContainerView[] {
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
  status: V1ContainerStatus | undefined,
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

const claimView = ({ metadata, status }: V1PersistentVolumeClaim): ClaimView => ({
  name: metadata?.name ?? "",
  phase: status?.phase ?? "Pending",
});

function serviceView(service: V1Service): ServiceView {
  const points = service.status?.loadBalancer?.ingress ?? [];
  const all = points.flatMap(({ ip, hostname }) => [ip, hostname]).filter((point) => point !== undefined);
  const address = all.find((point) => isIPv4(point));
  const otherAddresses = all.filter((point) => point !== address);
  return {
    ...named(service),
    type: service.spec?.type ?? "ClusterIP",
    ...{ address, otherAddresses },
    helmRelease: service.metadata?.annotations?.["meta.helm.sh/release-name"],
  };
}
