/** What `kubectl get` prints: the server makes the columns. */
import { condition, duration, podStatus, since, text } from "./table-cells.ts";
import type { KubeObject, Loose, ResourceType } from "./types.ts";

interface Column {
  name: string;
  /** 1: only with `-o wide`. */
  priority?: number;
  value: (object: KubeObject) => string | number;
}

const column = (name: string, value: Column["value"], priority = 0): Column => ({ name, value, priority });
const number = (value: Loose): number => Number(value ?? 0);

const name = column("Name", ({ metadata }) => metadata.name);
const age = column("Age", ({ metadata }) => since(metadata.creationTimestamp));
const images = column(
  "Images",
  ({ spec }) => (spec.template.spec.containers as Loose[]).map((item) => item.image).join(","),
  1,
);
const containers = column(
  "Containers",
  ({ spec }) => (spec.template.spec.containers as Loose[]).map((item) => item.name).join(","),
  1,
);
const selector = column(
  "Selector",
  ({ spec }) =>
    text(
      Object.entries((spec.selector?.matchLabels ?? {}) as object)
        .map((pair) => pair.join("="))
        .join(","),
    ),
  1,
);
const attributes = column("VolumeAttributesClass", () => "<unset>");
const modes = (list: Loose): string =>
  ((list ?? []) as string[]).map((mode) => mode.replace(/[a-z]/g, "")).join(",");
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
    containers,
    images,
    selector,
  ],
  StatefulSet: [name, ready, age, containers, images],
  ReplicaSet: [
    name,
    column("Desired", ({ spec }) => number(spec.replicas)),
    column("Current", ({ status }) => number(status?.replicas)),
    column("Ready", ({ status }) => number(status?.readyReplicas)),
    age,
    containers,
    images,
    selector,
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
    containers,
    images,
    selector,
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
    column("Access Modes", ({ status }) => modes(status?.accessModes)),
    column("StorageClass", ({ spec }) => text(spec.storageClassName, "")),
    attributes,
    age,
  ],
  PersistentVolume: [
    name,
    column("Capacity", ({ spec }) => text(spec.capacity?.storage, "")),
    column("Access Modes", ({ spec }) => modes(spec.accessModes)),
    column("Reclaim Policy", ({ spec }) => text(spec.persistentVolumeReclaimPolicy)),
    column("Status", ({ status }) => text(status?.phase)),
    column("Claim", ({ spec }) =>
      spec.claimRef ? `${text(spec.claimRef.namespace)}/${text(spec.claimRef.name)}` : "",
    ),
    column("StorageClass", ({ spec }) => text(spec.storageClassName, "")),
    attributes,
    column("Reason", ({ status }) => text(status?.reason, "")),
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
