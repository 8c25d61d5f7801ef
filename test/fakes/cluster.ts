/** The Cluster port over the model. */
import type { NamespaceView } from "../../src/domain/release.ts";
import type { ServiceView } from "../../src/domain/workloads.ts";
import { wantedBy } from "../../src/adapters/kubernetes/capacity.ts";
import { ConflictError, TransientError } from "../../src/errors.ts";
import type { Cluster } from "../../src/ports/cluster.ts";
import type { ClusterModel, FakeNamespace } from "./cluster-model.ts";

export function createFakeCluster(model: ClusterModel): Cluster {
  const viewOf = (namespace: FakeNamespace): NamespaceView => ({
    name: namespace.name,
    uid: namespace.uid,
    labels: { ...namespace.labels },
    annotations: { ...namespace.annotations },
    terminating: namespace.goneAt !== undefined,
  });
  return {
    version: async () => "v1.34.0-fake",
    capabilities: async () => ({
      kubeVersion: "v1.34.0-fake",
      apiVersions: ["v1", "apps/v1", "apps/v1/Deployment"],
    }),
    findNamespaces: async () => model.namespaces().map(viewOf),
    async findNamespace(name) {
      const found = model.find(name);
      return found && viewOf(found);
    },
    ensureNamespace: async (name, labels) => viewOf(model.find(name) ?? model.create(name, labels)),
    async ensureAccess(name) {
      const namespace = model.find(name);
      if (namespace) namespace.bound = true;
    },
    async annotateNamespace(name, annotations, labels = {}) {
      const namespace = model.find(name);
      if (!namespace) throw refused(404, `there is no namespace ${name}`);
      Object.assign(namespace.labels, labels);
      for (const [key, value] of Object.entries(annotations)) {
        if (value === null) Reflect.deleteProperty(namespace.annotations, key);
        else namespace.annotations[key] = value;
      }
    },
    async deleteNamespace(name, uid) {
      const namespace = model.find(name);
      if (!namespace) return;
      if (namespace.uid !== uid) throw new ConflictError(`namespace ${name}`);
      model.delete(name);
    },
    findServices: async (name) => servicesOf(model, name),
    async observe(name) {
      const namespace = requireBound(model, name);
      if (namespace?.release?.installedAt === undefined)
        return { workloads: [], pods: [], claims: [], services: [] };
      return {
        workloads: model.components.map((component) => model.workload(name, component)),
        pods: model.components.map((component) => podView(model, namespace, component)),
        claims: ["db", "solr"].map((claim) => ({ name: claim, phase: "Bound" })),
        services: servicesOf(model, name),
      };
    },
    async findPods(name) {
      const namespace = requireBound(model, name);
      if (namespace?.release?.installedAt === undefined) return [];
      return model.components.map((component) => podView(model, namespace, component));
    },
    async deletePod(name, pod, uid) {
      const found = Object.entries(requireBound(model, name)?.pods ?? {}).find(([, one]) => one.uid === uid);
      if (found && pod === `${found[0]}-0`) model.replacePod(name, found[0]);
    },
    logs: async (name, pod, _, lines) =>
      requireBound(model, name)?.pods[pod.replace(/-0$/, "")]?.logs.slice(-lines) ?? [],
    warnings: async (name, pod) =>
      Object.entries(model.find(name)?.pods ?? {}).flatMap(([component, { warnings = [] }]) =>
        pod === undefined || pod === `${component}-0` ? warnings : [],
      ),
    blockers: async (name) => (model.find(name) ? ["1 pod"] : []),
    capacity: async (release) => model.capacity && { ...model.capacity, wanted: wantedBy(release) },
    denied: async (rights) => rights.filter(({ namespace = "" }) => model.find(namespace)?.bound === false),
  };
}

/** What the API server says where the chart's cluster-wide role does not reach. */
function requireBound(model: ClusterModel, name: string): FakeNamespace | undefined {
  const namespace = model.find(name);
  if (namespace?.bound !== false) return namespace;
  throw refused(403, `not allowed to list pods in namespace ${name}`);
}

const refused = (status: number, message: string): TransientError =>
  new TransientError("the Kubernetes API", message, { status });

function servicesOf(model: ClusterModel, name: string): ServiceView[] {
  const namespace = model.find(name);
  const made =
    namespace?.release?.installedAt === undefined
      ? []
      : model.components.map((component) => ({
          ...{ name: component, component },
          address: model.addressOf(name, component),
          otherAddresses: namespace.release?.others?.[component] ?? [],
        }));
  return [...(namespace?.strangers ?? []), ...made];
}

function podView(model: ClusterModel, { name, pods }: FakeNamespace, component: string) {
  const { uid = "", restarts = 0, trouble } = pods[component] ?? {};
  const ready = model.isReady(name, component);
  const state = trouble === undefined ? ("running" as const) : ("waiting" as const);
  const container = {
    name: component,
    init: false,
    ready,
    state,
    reason: trouble,
    restarts,
  };
  return {
    name: `${component}-0`,
    uid,
    component,
    phase: trouble === undefined ? "Running" : "Pending",
    ready,
    terminating: false,
    ownerKind: "ReplicaSet",
    reason: undefined,
    message: undefined,
    containers: [container],
  };
}
