/** What a new cluster has: namespaces, nodes, storage classes, and the ConfigMap that steers the simulation. */
import type { Registry } from "./registry.ts";
import { requireType } from "./resources.ts";
import { timestamp } from "./types.ts";
import type { KubeObject } from "./types.ts";

export function bootstrap(registry: Registry): void {
  const create = (
    kind: string,
    name: string,
    rest: object = {},
    namespace?: string,
    metadata: object = {},
  ): KubeObject => {
    const type = requireType(kind);
    const body = {
      apiVersion: type.apiVersion,
      kind,
      metadata: { name, ...metadata },
      ...rest,
    } as KubeObject;
    return registry.create(type, namespace, body);
  };
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"]) {
    const namespace = create("Namespace", name);
    registry.edit("Namespace", namespace, (draft) => (draft.status = { phase: "Active" }));
  }
  const provisioner = "simulation.powo.kew.org/disk";
  const storageClass = (name: string, volumeBindingMode: string, metadata = {}): void => {
    create(
      "StorageClass",
      name,
      { provisioner, volumeBindingMode, allowVolumeExpansion: true },
      undefined,
      metadata,
    );
  };
  storageClass("standard", "Immediate", {
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  });
  storageClass("ssd", "Immediate");
  storageClass("standard-rwo", "WaitForFirstConsumer");
  create("ConfigMap", "simulation", {}, "kube-system");
  create("ClusterRole", "cluster-admin", { rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] });
  const ports = [{ name: "https", port: 443, targetPort: 6443, protocol: "TCP" }];
  create("Service", "kubernetes", { spec: { clusterIP: "10.96.0.1", ports } }, "default");
  [1, 2, 3].forEach((number) =>
    create("Node", `node-${number}`, nodeParts(number), undefined, { labels: nodeLabels(number) }),
  );
}

const nodeLabels = (number: number): Record<string, string> => ({
  "kubernetes.io/hostname": `node-${number}`,
  "kubernetes.io/arch": "amd64",
  "kubernetes.io/os": "linux",
  "topology.kubernetes.io/region": "europe-west2",
  "topology.kubernetes.io/zone": "europe-west2-a",
  "node.kubernetes.io/instance-type": "simulated",
  "simulation.powo.kew.org/node": "simulated",
});

function nodeParts(number: number): object {
  const capacity = { cpu: "16", memory: "64Gi", "ephemeral-storage": "200Gi", pods: "1000" };
  const at = { lastHeartbeatTime: timestamp(), lastTransitionTime: timestamp() };
  const conditions = [
    {
      type: "MemoryPressure",
      status: "False",
      reason: "KubeletHasSufficientMemory",
      message: "kubelet has sufficient memory available",
      ...at,
    },
    {
      type: "DiskPressure",
      status: "False",
      reason: "KubeletHasNoDiskPressure",
      message: "kubelet has no disk pressure",
      ...at,
    },
    {
      type: "PIDPressure",
      status: "False",
      reason: "KubeletHasSufficientPID",
      message: "kubelet has sufficient PID available",
      ...at,
    },
    {
      type: "Ready",
      status: "True",
      reason: "KubeletReady",
      message: "kubelet is posting ready status",
      ...at,
    },
  ];
  const addresses = [
    { type: "InternalIP", address: `10.128.0.${number + 1}` },
    { type: "Hostname", address: `node-${number}` },
  ];
  const nodeInfo = {
    architecture: "amd64",
    operatingSystem: "linux",
    osImage: "Simulation",
    kubeletVersion: "v1.36.0",
  };
  return {
    spec: { providerID: `simulation://node-${number}` },
    status: { capacity, allocatable: capacity, addresses, conditions, nodeInfo },
  };
}
