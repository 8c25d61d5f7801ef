/** What the API server fills in when an object is written. */
import type { KubeObject, Loose } from "./types.ts";

const defaultStorageClass = "standard";

/** Fills defaults into `object`, in place; `live` is what it replaces. */
export function setDefaults(object: KubeObject, live: KubeObject | undefined, allocator: Allocator): void {
  byKind[object.kind]?.(object, live, allocator);
}

/** Hands out cluster addresses and node ports, each once. */
export class Allocator {
  #address = 9;
  #port = 29_999;

  nextAddress(): string {
    this.#address += 1;
    return `10.96.${Math.floor(this.#address / 250) % 250}.${(this.#address % 250) + 1}`;
  }

  nextPort(): number {
    this.#port += 1;
    return this.#port;
  }
}

const fill = (target: Loose, values: Record<string, unknown>): void => {
  for (const [key, value] of Object.entries(values)) target[key] ??= value;
};

type SetDefaults = (object: KubeObject, live: KubeObject | undefined, allocator: Allocator) => void;

const byKind: Record<string, SetDefaults> = {
  Namespace(object) {
    object.metadata.labels = {
      ...object.metadata.labels,
      "kubernetes.io/metadata.name": object.metadata.name,
    };
    object.spec ??= {};
    object.spec.finalizers ??= ["kubernetes"];
    object.status ??= { phase: "Active" };
  },
  Secret(object) {
    object.type ??= "Opaque";
    if (!object.stringData) return;
    object.data ??= {};
    for (const [key, value] of Object.entries(object.stringData as Record<string, string>)) {
      object.data[key] = Buffer.from(value).toString("base64");
    }
    Reflect.deleteProperty(object, "stringData");
  },
  Pod(object) {
    podDefaults((object.spec ??= {}));
    fill(object.spec, {
      serviceAccountName: "default",
      enableServiceLinks: true,
      preemptionPolicy: "PreemptLowerPriority",
      priority: 0,
    });
    object.spec.serviceAccount ??= object.spec.serviceAccountName;
    fill((object.status ??= {}), { phase: "Pending", qosClass: "BestEffort" });
  },
  Service: serviceDefaults,
  Deployment(object) {
    fill((object.spec ??= {}), {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: {},
    });
    fill(object.spec.strategy, { type: "RollingUpdate" });
    if (object.spec.strategy.type === "RollingUpdate") {
      fill((object.spec.strategy.rollingUpdate ??= {}), { maxSurge: "25%", maxUnavailable: "25%" });
    }
    podDefaults(object.spec.template?.spec);
  },
  ReplicaSet(object) {
    fill((object.spec ??= {}), { replicas: 1 });
    podDefaults(object.spec.template?.spec);
  },
  StatefulSet(object) {
    fill((object.spec ??= {}), {
      replicas: 1,
      revisionHistoryLimit: 10,
      podManagementPolicy: "OrderedReady",
      serviceName: "",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    });
    for (const claim of (object.spec.volumeClaimTemplates ?? []) as Loose[]) {
      fill(claim, { apiVersion: "v1", kind: "PersistentVolumeClaim", status: { phase: "Pending" } });
      fill(claim.spec, { volumeMode: "Filesystem" });
    }
    podDefaults(object.spec.template?.spec);
  },
  Job: jobDefaults,
  CronJob(object) {
    fill((object.spec ??= {}), {
      concurrencyPolicy: "Allow",
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    podDefaults(object.spec.jobTemplate?.spec?.template?.spec);
    object.status ??= {};
  },
  PersistentVolumeClaim(object, live) {
    fill((object.spec ??= {}), { storageClassName: defaultStorageClass, volumeMode: "Filesystem" });
    object.status ??= { phase: "Pending" };
    if (live) return;
    object.metadata.finalizers = [
      ...new Set([...(object.metadata.finalizers ?? []), "kubernetes.io/pvc-protection"]),
    ];
  },
  PersistentVolume(object) {
    fill((object.spec ??= {}), { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" });
    object.status ??= { phase: "Pending" };
  },
  StorageClass(object) {
    fill(object, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" });
  },
};

function podDefaults(spec: Loose): void {
  if (!spec) return;
  fill(spec, {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    terminationGracePeriodSeconds: 30,
    schedulerName: "default-scheduler",
    securityContext: {},
  });
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])] as Loose[]) {
    const image = String(container.image ?? "");
    fill(container, {
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
      imagePullPolicy: /:(?!latest$)[^/]+$/.test(image) ? "IfNotPresent" : "Always",
      resources: {},
    });
    for (const port of (container.ports ?? []) as Loose[]) fill(port, { protocol: "TCP" });
  }
  for (const volume of (spec.volumes ?? []) as Loose[]) {
    for (const source of ["secret", "configMap"])
      if (volume[source]) fill(volume[source], { defaultMode: 420 });
  }
}

function serviceDefaults(object: KubeObject, live: KubeObject | undefined, allocator: Allocator): void {
  const spec = (object.spec ??= {});
  fill(spec, { type: "ClusterIP", sessionAffinity: "None", internalTrafficPolicy: "Cluster" });
  object.status ??= { loadBalancer: {} };
  if (spec.type === "ExternalName") return;
  if (spec.clusterIP === undefined || spec.clusterIP === "") {
    spec.clusterIP = live?.spec.clusterIP ?? allocator.nextAddress();
  }
  fill(spec, { clusterIPs: [spec.clusterIP], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
  const balanced = spec.type === "LoadBalancer";
  if (balanced) fill(spec, { allocateLoadBalancerNodePorts: true, externalTrafficPolicy: "Cluster" });
  for (const port of (spec.ports ?? []) as Loose[]) {
    fill(port, { protocol: "TCP", targetPort: port.port });
    if (!balanced && spec.type !== "NodePort") continue;
    const before = (live?.spec.ports as Loose[] | undefined)?.find((old) => old.port === port.port);
    port.nodePort ??= before?.nodePort ?? allocator.nextPort();
  }
}

/** A Job's pods are found by its uid, which it has by now. */
function jobDefaults(object: KubeObject, live: KubeObject | undefined): void {
  const spec = (object.spec ??= {});
  fill(spec, {
    backoffLimit: 6,
    completionMode: "NonIndexed",
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: "TerminatingOrFailed",
  });
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  fill(spec, { parallelism: 1 });
  if (live) {
    fill(spec, { selector: live.spec.selector });
    spec.template = {
      ...spec.template,
      metadata: {
        ...spec.template?.metadata,
        labels: { ...live.spec.template.metadata.labels, ...spec.template?.metadata?.labels },
      },
    };
  } else if (!spec.manualSelector) {
    const { name, uid } = object.metadata;
    spec.selector = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
    const labels = {
      "batch.kubernetes.io/controller-uid": uid,
      "batch.kubernetes.io/job-name": name,
      "controller-uid": uid,
      "job-name": name,
    };
    spec.template ??= {};
    object.metadata.labels ??= { ...spec.template.metadata?.labels, ...labels };
    spec.template.metadata = {
      ...spec.template.metadata,
      labels: { ...spec.template.metadata?.labels, ...labels },
    };
  }
  podDefaults(spec.template?.spec);
  object.status ??= {};
}
