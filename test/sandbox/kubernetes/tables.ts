/** What `kubectl get` prints: the server makes the columns. */
import type { KubeObject, Loose, ResourceType } from "./types.ts";

interface Column {
  name: string;
  /** 1: only with `-o wide`. */
  priority?: number;
  value: (object: KubeObject) => string | number;
}

const column = (name: string, value: Column["value"], priority = 0): Column => ({ name, value, priority });
const text = (value: Loose, fallback = "<none>"): string =>
  value === undefined || value === null || value === "" ? fallback : String(value);
const number = (value: Loose): number => Number(value ?? 0);

/** Durations as kubectl writes them: `45s`, `3m20s`, `5h`, `12d`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

const since = (time: Loose): string => (time ? duration(Date.now() - Date.parse(String(time))) : "<unknown>");
const name = column("Name", ({ metadata }) => metadata.name);
const age = column("Age", ({ metadata }) => since(metadata.creationTimestamp));
const images = column(
  "Images",
  ({ spec }) => (spec.template.spec.containers as Loose[]).map((item) => item.image).join(","),
  1,
);
const ready = column(
  "Ready",
  ({ spec, status }) => `${number(status?.readyReplicas)}/${number(spec.replicas)}`,
);

const columns: Record<string, Column[]> = {
  Pod: [
    name,
    column("Ready", ({ spec, status }) => {
      const statuses = (status?.containerStatuses ?? []) as Loose[];
      return `${statuses.filter((item) => item.ready).length}/${(spec.containers as Loose[]).length}`;
    }),
    column("Status", podStatus),
    column("Restarts", ({ status }) => number(status?.containerStatuses?.[0]?.restartCount)),
    age,
    column("IP", ({ status }) => text(status?.podIP), 1),
    column("Node", ({ spec }) => text(spec.nodeName), 1),
  ],
  Deployment: [
    name,
    ready,
    column("Up-to-date", ({ status }) => number(status?.updatedReplicas)),
    column("Available", ({ status }) => number(status?.availableReplicas)),
    age,
    images,
  ],
  StatefulSet: [name, ready, age, images],
  ReplicaSet: [
    name,
    column("Desired", ({ spec }) => number(spec.replicas)),
    column("Current", ({ status }) => number(status?.replicas)),
    column("Ready", ({ status }) => number(status?.readyReplicas)),
    age,
    images,
  ],
  Service: [
    name,
    column("Type", ({ spec }) => text(spec.type)),
    column("Cluster-IP", ({ spec }) => text(spec.clusterIP)),
    column("External-IP", ({ spec, status }) => {
      const given = (status?.loadBalancer?.ingress ?? []) as Loose[];
      if (given.length > 0) return given.map((item) => item.ip).join(",");
      return spec.type === "LoadBalancer" ? "<pending>" : "<none>";
    }),
    column("Port(s)", ({ spec }) =>
      text(
        ((spec.ports ?? []) as Loose[])
          .map((port) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ""}/${port.protocol}`)
          .join(","),
      ),
    ),
    age,
    column(
      "Selector",
      ({ spec }) =>
        text(
          Object.entries((spec.selector ?? {}) as object)
            .map((pair) => pair.join("="))
            .join(","),
        ),
      1,
    ),
  ],
  ConfigMap: [
    name,
    column("Data", ({ data, binaryData }) => Object.keys({ ...data, ...binaryData }).length),
    age,
  ],
  Secret: [
    name,
    column("Type", ({ type }) => text(type)),
    column("Data", ({ data }) => Object.keys({ ...data }).length),
    age,
  ],
  Namespace: [name, column("Status", ({ status }) => text(status?.phase)), age],
  Node: [
    name,
    column("Status", ({ status }) => (condition(status, "Ready") === "True" ? "Ready" : "NotReady")),
    column("Roles", () => "<none>"),
    age,
    column("Version", ({ status }) => text(status?.nodeInfo?.kubeletVersion)),
  ],
  Job: [
    name,
    column("Status", ({ spec, status }) => {
      if (condition(status, "Complete") === "True") return "Complete";
      if (condition(status, "Failed") === "True") return "Failed";
      return spec.suspend ? "Suspended" : "Running";
    }),
    column(
      "Completions",
      ({ spec, status }) => `${number(status?.succeeded)}/${number(spec.completions ?? 1)}`,
    ),
    column("Duration", ({ status }) =>
      status?.startTime
        ? duration(
            (status.completionTime ? Date.parse(String(status.completionTime)) : Date.now()) -
              Date.parse(String(status.startTime)),
          )
        : "",
    ),
    age,
    images,
  ],
  CronJob: [
    name,
    column("Schedule", ({ spec }) => text(spec.schedule)),
    column("Timezone", ({ spec }) => text(spec.timeZone)),
    column("Suspend", ({ spec }) => (spec.suspend ? "True" : "False")),
    column("Active", ({ status }) => ((status?.active ?? []) as Loose[]).length),
    column("Last Schedule", ({ status }) =>
      status?.lastScheduleTime ? since(status.lastScheduleTime) : "<none>",
    ),
    age,
  ],
  PersistentVolumeClaim: [
    name,
    column("Status", ({ status, metadata }) =>
      metadata.deletionTimestamp ? "Terminating" : text(status?.phase),
    ),
    column("Volume", ({ spec }) => text(spec.volumeName, "")),
    column("Capacity", ({ status }) => text(status?.capacity?.storage, "")),
    column("Access Modes", ({ status }) =>
      ((status?.accessModes ?? []) as string[]).map((mode) => mode.replace(/[a-z]/g, "")).join(","),
    ),
    column("StorageClass", ({ spec }) => text(spec.storageClassName, "")),
    age,
  ],
  Event: [
    column("Last Seen", ({ lastTimestamp, eventTime, metadata }) =>
      since(lastTimestamp ?? eventTime ?? metadata.creationTimestamp),
    ),
    column("Type", ({ type }) => text(type)),
    column("Reason", ({ reason }) => text(reason)),
    column(
      "Object",
      ({ involvedObject }) => `${text(involvedObject?.kind).toLowerCase()}/${text(involvedObject?.name)}`,
    ),
    column("Message", ({ message }) => text(message, "")),
  ],
  Lease: [name, column("Holder", ({ spec }) => text(spec?.holderIdentity, "")), age],
  CustomResourceDefinition: [name, column("Created At", ({ metadata }) => metadata.creationTimestamp)],
};

const condition = (status: Loose, type: string): string | undefined =>
  (status?.conditions as Loose[] | undefined)?.find((item) => item.type === type)?.status as
    string | undefined;

function podStatus({ metadata, status, spec }: KubeObject): string {
  const inits = (status?.initContainerStatuses ?? []) as Loose[];
  const unfinished = inits.findIndex((item) => item.state?.terminated?.exitCode !== 0 && !item.ready);
  let shown = text(status?.reason ?? status?.phase);
  if (unfinished !== -1 && !status?.reason && spec.nodeName) {
    shown = `Init:${unfinished}/${inits.length}`;
  } else {
    const state = ((status?.containerStatuses ?? []) as Loose[])
      .map((item) => item.state)
      .find((item) => item?.waiting ?? item?.terminated);
    shown = text(state?.waiting?.reason ?? state?.terminated?.reason, shown);
  }
  return metadata.deletionTimestamp ? "Terminating" : shown;
}

/** A list or a single object as a Table. */
export function toTable(
  type: ResourceType,
  objects: KubeObject[],
  metadata: object,
  includeObject: string,
): object {
  const shown = columns[type.kind] ?? [name, age];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: shown.map((item) => ({
      name: item.name,
      type: "string",
      format: item.name === "Name" ? "name" : "",
      description: item.name,
      priority: item.priority ?? 0,
    })),
    rows: objects.map((object) => ({
      cells: shown.map((item) => item.value(object)),
      ...(includeObject === "None" ? {} : { object: includeObject === "Object" ? object : partial(object) }),
    })),
  };
}

/** Metadata alone, for tables and for clients that ask for nothing else. */
export const partial = ({ metadata }: KubeObject): object => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata,
});
