/**
 * An embedded Kubernetes API for tests and the demo: enough for the real Helm 4.2, kubectl 1.36 and
 * @kubernetes/client-node to install, watch, upgrade and remove a release in a second or two.
 *
 * What it is NOT: it checks no certificate, token or role (RBAC objects are stored, never enforced); it
 * knows no schemas (unknown fields and wrong types pass, no CRDs, quotas, admission or conversion); it
 * schedules no CronJobs and runs no DaemonSets, HPAs or endpoints; nothing answers behind its pods and
 * Services (no exec, no port-forward), and nothing runs in them but the images of `containers`, as child
 * processes with neither a file system nor a network of their own; it keeps all of it in memory. Where it and a real
 * control plane differ, it is wrong: test/contract/kubernetes-api.ts holds both to the same behaviour.
 */
import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Faults } from "../faults.ts";
import { bootstrap } from "./bootstrap.ts";
import { Containers } from "./containers/containers.ts";
import { deployments } from "./controllers/deployments.ts";
import { collectGarbage } from "./controllers/garbage.ts";
import { jobs } from "./controllers/jobs.ts";
import { createKubelet } from "./controllers/kubelet.ts";
import { createLoadBalancers } from "./controllers/load-balancers.ts";
import { runControllers } from "./controllers/loop.ts";
import type { World } from "./controllers/loop.ts";
import { namespaces } from "./controllers/namespaces.ts";
import { createNodes } from "./controllers/nodes.ts";
import { record } from "./controllers/recorder.ts";
import { replicaSets } from "./controllers/replica-sets.ts";
import { defaultConfig, parseConfig } from "./controllers/rules.ts";
import { scheduler } from "./controllers/scheduler.ts";
import { statefulSets } from "./controllers/stateful-sets.ts";
import { volumes } from "./controllers/volumes.ts";
import { Random } from "./random.ts";
import { Registry } from "./registry.ts";
import type { RequestRecord } from "./request.ts";
import { createApiServer } from "./server.ts";
import { Store } from "./store.ts";
import type { KubeObject, ResourceAttributes } from "./types.ts";

export type { KubeObject } from "./types.ts";

export interface SandboxCluster {
  url: string;
  /** Path of the kubeconfig file. */
  kubeconfig: string;
  /** What is in the cluster: `list(kind, namespace?)`, `get(kind, namespace, name)`, `onChange(listener)`, `compact()`. */
  store: Store;
  faults: Faults;
  /** Pods whose containers are programs. */
  containers: Containers;
  /** The last requests, oldest first. */
  requests: RequestRecord[];
  /** Lets SelfSubjectAccessReviews answer no where the rule says so. */
  deny(rule: (attributes: ResourceAttributes) => boolean): void;
  stop(): Promise<void>;
}

/** Starts an emulator on a free port of 127.0.0.1 and writes its kubeconfig into `dir`. */
export async function startKubernetes(options: { dir: string; seed?: number }): Promise<SandboxCluster> {
  const random = new Random(options.seed ?? Math.floor(Math.random() * 2 ** 32));
  const store = new Store();
  const registry = new Registry(store, random);
  const faults = new Faults();
  const requests: RequestRecord[] = [];
  let denied: (attributes: ResourceAttributes) => boolean = () => false;

  bootstrap(registry);
  const containers = new Containers(options.dir, store);
  const controllers = startControllers({ registry, store, random, containers });
  const server = createApiServer({
    ...{ registry, faults, requests, containers },
    denied: (attributes) => denied(attributes),
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = path.join(options.dir, "kubeconfig");
  await writeFile(kubeconfig, kubeconfigFor(url), { mode: 0o600 });
  return {
    url,
    kubeconfig,
    store,
    faults,
    containers,
    requests,
    deny: (rule) => void (denied = rule),
    async stop() {
      controllers();
      await containers.stop();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Starts everything that works by itself; returns how to stop it. */
function startControllers(parts: Omit<World, "rules">): () => void {
  let config = defaultConfig();
  const world: World = { ...parts, rules: () => config };
  const loop = runControllers(world, [
    namespaces,
    deployments,
    replicaSets,
    statefulSets,
    jobs,
    volumes,
    scheduler,
    createNodes(),
    createKubelet(),
    createLoadBalancers(),
  ]);
  const stopGarbage = collectGarbage(world);
  const follow = (object: KubeObject, deleted: boolean): void => {
    const read = parseConfig(deleted ? {} : ((object.data ?? {}) as Record<string, string>));
    config = read.config;
    for (const message of read.problems)
      record(world, "simulation", object, { type: "Warning", reason: "InvalidRule", message });
    loop.again();
  };
  const stopRules = world.store.onChange(({ object, type }) => {
    const { name, namespace } = object.metadata;
    if (object.kind === "ConfigMap" && name === "simulation" && namespace === "kube-system")
      follow(object, type === "DELETED");
  });
  return () => {
    stopRules();
    stopGarbage();
    loop.stop();
  };
}

/** client-node refuses plain HTTP unless verification is off. */
const kubeconfigFor = (server: string): string =>
  JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "sandbox", cluster: { server, "insecure-skip-tls-verify": true } }],
      users: [{ name: "sandbox", user: { token: "sandbox" } }],
      contexts: [{ name: "sandbox", context: { cluster: "sandbox", user: "sandbox", namespace: "default" } }],
      "current-context": "sandbox",
    },
    null,
    2,
  );
