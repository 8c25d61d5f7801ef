/** The part of the Cluster's contract that needs objects: workloads, logs, warnings, what keeps a namespace. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ClusterBench } from "./cluster.ts";

const container = { name: "main", image: "example.test/main:1" };

export function describeObservation(bench: () => ClusterBench): void {
  let namespace: string;
  let apply: (manifest: Manifest) => Promise<void>;

  interface Manifest {
    apiVersion: string;
    kind: string;
    metadata: { name: string; labels?: object; annotations?: object; finalizers?: string[] };
    spec: object;
  }

  beforeEach(async () => {
    const { cluster, newName, apply: make } = bench();
    if (!make) throw new Error("no object can be made here");
    namespace = newName();
    await cluster.ensureNamespace(namespace, {});
    // Pods need the namespace's account, which a real controller makes a moment later.
    apply = (manifest) =>
      bench().eventually(() => make({ ...manifest, metadata: { ...manifest.metadata, namespace } }));
  });
  afterEach(() => bench().remove(namespace));

  const deployment = (name: string, annotations: object = {}): Manifest => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels: { name: `the-${name}` } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, name: `the-${name}` }, annotations },
        spec: { containers: [container], terminationGracePeriodSeconds: 0 },
      },
    },
  });

  it("sees workloads, pods and claims become ready", async () => {
    const { cluster, eventually } = bench();
    const disk = {
      metadata: { name: "disk" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    await apply(deployment("web"));
    await apply({
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "db" },
      spec: {
        serviceName: "db",
        selector: { matchLabels: { app: "db" } },
        template: { metadata: { labels: { app: "db" } }, spec: { containers: [container] } },
        volumeClaimTemplates: [disk],
      },
    });
    await eventually(async () => {
      const seen = await cluster.observe(namespace);
      const ready = { available: 2, desired: 2, updated: 2, observed: true };
      expect(seen.workloads).toEqual([
        { component: "the-web", ...ready },
        { component: "db", ...ready, available: 1, desired: 1, updated: 1 },
      ]);
      expect(seen.claims).toEqual([{ name: "disk-db-0", phase: "Bound" }]);
      expect(seen.pods).toHaveLength(3);
      const web = seen.pods.find(({ component }) => component === "the-web");
      expect(web).toMatchObject({
        phase: "Running",
        ready: true,
        terminating: false,
        ownerKind: "ReplicaSet",
      });
      const running = { name: "main", init: false, ready: true, state: "running", restarts: 0 };
      expect(web?.containers).toEqual([running]);
    });
  });

  it("deletes exactly the pod that was meant, whose owner makes another", async () => {
    const { cluster, eventually } = bench();
    const web = deployment("web");
    await apply({ ...web, spec: { ...web.spec, replicas: 1 } });
    const isUp = async (not?: string) => {
      const [pod, ...more] = (await cluster.findPods(namespace)).filter(({ terminating }) => !terminating);
      expect(more).toEqual([]);
      expect(pod).toMatchObject({ ready: true });
      expect(pod?.uid).not.toBe(not);
      return pod!;
    };
    const { name, uid } = await eventually(() => isUp());
    await cluster.deletePod(namespace, name, "00000000-0000-0000-0000-000000000000");
    expect((await isUp()).uid).toBe(uid);
    await cluster.deletePod(namespace, name, uid);
    await cluster.deletePod(namespace, name, uid);
    await eventually(() => isUp(uid));
    await cluster.deletePod(namespace, name, uid);
  });

  it("sees pods that crash, with their logs and warnings", async () => {
    const { cluster, eventually } = bench();
    await apply(
      deployment("sick", {
        "simulation.powo.kew.org/behaviour": "crash-loop:3",
        "simulation.powo.kew.org/logs": "starting\nno disk",
      }),
    );
    const pod = await eventually(async () => {
      const [first] = (await cluster.observe(namespace)).pods;
      expect(first?.containers[0]).toMatchObject({ reason: "CrashLoopBackOff", exitCode: 3, ready: false });
      expect(first?.containers[0]?.restarts).toBeGreaterThan(0);
      return first?.name ?? "";
    });
    expect((await cluster.logs(namespace, pod, "main", 1)).at(-1)).toBe("no disk");
    await eventually(async () => {
      expect((await cluster.warnings(namespace, pod)).join("\n")).toMatch(
        new RegExp(`^Pod ${pod}: BackOff: `, "m"),
      );
      expect((await cluster.warnings(namespace)).length).toBeGreaterThan(0);
      expect(await cluster.warnings(namespace, "another")).toEqual([]);
    });
  });

  it("keeps the finished pods of a Job apart", async () => {
    const { cluster, eventually } = bench();
    const template = { spec: { containers: [container], restartPolicy: "Never" } };
    await apply({ apiVersion: "batch/v1", kind: "Job", metadata: { name: "once" }, spec: { template } });
    await eventually(async () => {
      const { pods } = await cluster.observe(namespace);
      expect(pods).toMatchObject([{ phase: "Succeeded", ownerKind: "Job", containers: [{ exitCode: 0 }] }]);
    });
  });

  it("finds the addresses of load balancers", async () => {
    const { cluster, eventually } = bench();
    await apply(deployment("web"));
    const ports = [{ port: 80 }];
    const selector = { app: "web" };
    const labels = { name: "portal" };
    const service = (name: string, spec: object, metadata: object = {}) =>
      apply({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, ...metadata },
        spec: { ports, selector, ...spec },
      });
    await service("public", { type: "LoadBalancer" }, { labels });
    await service("inner", {});
    await eventually(async () => {
      const services = await cluster.findServices(namespace);
      expect(services).toContainEqual({
        ...{ name: "inner", component: "inner", address: undefined, otherAddresses: [] },
      });
      const balanced = services.find(({ component }) => component === "portal");
      expect(balanced?.otherAddresses).toEqual([]);
      expect(balanced?.address).toMatch(/^[\d.]+$/);
    });
  });

  it("tells what nodes have and what pods ask for", async () => {
    const { cluster, eventually } = bench();
    const resources = { requests: { cpu: "250m", memory: "64Mi" } };
    const asking = deployment("asking") as Manifest & { spec: { template: { spec: object } } };
    asking.spec.template.spec = {
      containers: [{ ...container, resources }],
      terminationGracePeriodSeconds: 0,
    };
    await apply(asking);
    await eventually(async () => {
      const { spec } = asking;
      const labels = {};
      const rendered = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        name: "asking",
        labels,
        manifest: { spec },
      };
      const capacity = await cluster.capacity([rendered]);
      const { nodes, pods, wanted } = capacity!;
      expect(wanted).toEqual([{ component: "asking", copies: 2, cpu: 0.25, memory: 64 * 2 ** 20 }]);
      const usable = nodes.filter(({ schedulable }) => schedulable).map(({ name }) => name);
      expect(usable).not.toEqual([]);
      expect(nodes.find(({ name }) => name === usable[0])?.allocatable.cpu).toBeGreaterThan(0);
      const own = pods.filter((pod) => pod.namespace === namespace);
      expect(own).toHaveLength(2);
      expect(own[0]).toMatchObject({ cpu: 0.25, memory: 64 * 2 ** 20 });
      expect(nodes.map(({ name }) => name)).toContain(own[0]?.node);
    });
  });

  it("tells what keeps a terminating namespace, and makes nothing new of it", async () => {
    const { cluster, eventually } = bench();
    const finalizers = ["example.test/backup"];
    const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const kind = { apiVersion: "v1", kind: "PersistentVolumeClaim" };
    await apply({ ...kind, metadata: { name: "kept", finalizers }, spec: claim });
    const { uid } = await cluster.ensureNamespace(namespace, {});
    await cluster.deleteNamespace(namespace, uid);
    await cluster.deleteNamespace(namespace, uid);
    expect(await cluster.ensureNamespace(namespace, {})).toMatchObject({ uid, terminating: true });
    await eventually(async () => {
      const blockers = (await cluster.blockers(namespace)).join("\n");
      expect(blockers).toContain("example.test/backup");
      expect(blockers).toMatch(/^PersistentVolumeClaim kept: finalizer /m);
      expect(blockers).toMatch(/^NamespaceFinalizersRemaining: /m);
    });
    await apply({ ...kind, metadata: { name: "kept", finalizers: [] }, spec: claim });
    await eventually(async () => expect(await cluster.findNamespace(namespace)).toBeUndefined());
    expect(await cluster.blockers(namespace)).toEqual([]);
  });
}
