/** What is in a release's namespace, as views. */
import { isIPv4 } from "node:net";
import type {
  AppsV1Api,
  CoreV1Api,
  V1ContainerStatus,
  V1DaemonSet,
  V1Deployment,
  V1ObjectMeta,
  V1Pod,
  V1Service,
  V1StatefulSet,
} from "@kubernetes/client-node";
import type { ContainerView, PodView, ServiceView, Workloads, WorkloadView } from "../../domain/workloads.ts";
import { listAll } from "./client.ts";

export function createObservation(core: CoreV1Api, apps: AppsV1Api) {
  const findPods = async (namespace: string) =>
    (await listAll((query) => core.listNamespacedPod({ namespace, ...query }))).map(podView);
  const findServices = async (namespace: string) =>
    (await listAll((query) => core.listNamespacedService({ namespace, ...query }))).map(serviceView);
  return {
    findPods,
    findServices,
    async observe(namespace: string): Promise<Workloads> {
      const [deployments, statefulSets, daemonSets, claims, pods, services] = await Promise.all([
        listAll((query) => apps.listNamespacedDeployment({ namespace, ...query })),
        listAll((query) => apps.listNamespacedStatefulSet({ namespace, ...query })),
        listAll((query) => apps.listNamespacedDaemonSet({ namespace, ...query })),
        listAll((query) => core.listNamespacedPersistentVolumeClaim({ namespace, ...query })),
        findPods(namespace),
        findServices(namespace),
      ]);
      return {
        workloads: [...[...deployments, ...statefulSets].map(replicated), ...daemonSets.map(perNode)],
        claims: claims.map(({ metadata, status }) => ({
          name: metadata?.name ?? "",
          phase: status?.phase ?? "Pending",
        })),
        pods,
        services,
      };
    },
  };
}

const componentOf = (metadata: V1ObjectMeta = {}): string => metadata.labels?.name ?? metadata.name ?? "";

function replicated({ metadata, spec, status }: V1Deployment | V1StatefulSet): WorkloadView {
  return {
    component: componentOf(metadata),
    desired: spec?.replicas ?? 1,
    available: status?.availableReplicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    observed: (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0),
  };
}

function perNode({ metadata, status }: V1DaemonSet): WorkloadView {
  return {
    component: componentOf(metadata),
    desired: status?.desiredNumberScheduled ?? 0,
    available: status?.numberAvailable ?? 0,
    updated: status?.updatedNumberScheduled ?? 0,
    observed: (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0),
  };
}

function podView(pod: V1Pod): PodView {
  const { metadata, status } = pod;
  const condition = (type: string, value: string) =>
    status?.conditions?.find((candidate) => candidate.type === type && candidate.status === value);
  const unscheduled = condition("PodScheduled", "False");
  const owners = metadata?.ownerReferences ?? [];
  return {
    name: metadata?.name ?? "",
    component: componentOf(metadata),
    uid: metadata?.uid ?? "",
    phase: status?.phase ?? "Unknown",
    ready: condition("Ready", "True") !== undefined,
    terminating: metadata?.deletionTimestamp !== undefined,
    ownerKind: (owners.find(({ controller }) => controller === true) ?? owners[0])?.kind,
    reason: status?.reason ?? unscheduled?.reason,
    message: status?.message ?? unscheduled?.message,
    containers: containersOf(pod),
  };
}

function containersOf({ spec, status }: V1Pod): ContainerView[] {
  const views = (init: boolean, named: { name: string }[] = [], seen: V1ContainerStatus[] = []) =>
    named.map(({ name }) => ({ name, init, ...containerState(seen.find((one) => one.name === name)) }));
  return [
    ...views(true, spec?.initContainers, status?.initContainerStatuses),
    ...views(false, spec?.containers, status?.containerStatuses),
  ];
}

/** A container without a status has not been made yet; one that waits for its next start says how it ended. */
function containerState(status: V1ContainerStatus | undefined): Omit<ContainerView, "name" | "init"> {
  const { running, terminated, waiting } = status?.state ?? {};
  const common = { ready: status?.ready ?? false, restarts: status?.restartCount ?? 0 };
  if (running) return { ...common, state: "running" };
  if (terminated) {
    const { reason, message, exitCode } = terminated;
    return { ...common, state: "terminated", reason, message, exitCode };
  }
  const last = status?.lastState?.terminated;
  const ended = last && `last ended with ${last.reason ?? "Error"} (exit code ${last.exitCode})`;
  const message = [waiting?.message, ended].filter((part) => part !== undefined).join("; ");
  return {
    ...{ ...common, state: "waiting", reason: waiting?.reason, exitCode: last?.exitCode },
    message: message === "" ? undefined : message,
  };
}

function serviceView({ metadata, status }: V1Service): ServiceView {
  const points = status?.loadBalancer?.ingress ?? [];
  const all = points.flatMap(({ ip, hostname }) => [ip, hostname]).filter((point) => point !== undefined);
  const address = all.find((point) => isIPv4(point));
  return {
    name: metadata?.name ?? "",
    component: componentOf(metadata),
    ...{ address, otherAddresses: all.filter((point) => point !== address) },
    helmRelease: metadata?.annotations?.["meta.helm.sh/release-name"],
  };
}
