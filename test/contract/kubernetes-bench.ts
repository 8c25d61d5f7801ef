/** The Kubernetes adapters on a cluster, as the contracts of their ports want them; each in a namespace of its own. */
import { randomBytes } from "node:crypto";
import { brotliCompressSync } from "node:zlib";
import { connect } from "../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../src/adapters/kubernetes/cluster.ts";
import { createLeaseStore } from "../../src/adapters/kubernetes/lease-store.ts";
import { createStateStore } from "../../src/adapters/kubernetes/state-store.ts";
import type { KubernetesConnection } from "../../src/adapters/kubernetes/client.ts";
import type { ClusterBench } from "./cluster.ts";
import { createClients, type Clients } from "./kubernetes-api-clients.ts";
import type { LeaseStoreBench } from "./lease-store.ts";
import type { StateStoreBench } from "./state-store.ts";

export interface KubernetesBench {
  clients: Clients;
  connection: KubernetesConnection;
  /** The builder's own namespace here. */
  namespace: string;
  stop: () => Promise<void>;
}

export async function createKubernetesBench(kubeconfig: string): Promise<KubernetesBench> {
  const clients = await createClients(kubeconfig);
  const namespace = newName();
  await clients.kubectl(["create", "namespace", namespace]);
  await clients.eventually(() => clients.kubectl(["get", "serviceaccount", "default", "-n", namespace]));
  const connection = connect({ kubeconfig, namespace });
  return {
    clients,
    connection,
    namespace,
    async stop() {
      connection.close();
      await clients.kubectl(["delete", "namespace", namespace, "--wait=false"]);
    },
  };
}

const newName = (): string => `ports-${randomBytes(3).toString("hex")}`;
export const environment = "contract";
export const stateName = `powo-builder-${environment}`;
export const documentName = `${stateName}.data`;
/** The pinned documents take turns; see documentName of domain/names.ts. */
export const documentNames = [documentName, `${documentName}2`];

export async function createClusterBench(kubeconfig: string): Promise<ClusterBench> {
  const { clients, connection, stop } = await createKubernetesBench(kubeconfig);
  return {
    cluster: createCluster(connection),
    newName,
    apply: (manifest) => clients.apply(manifest),
    async remove(namespace) {
      await clients.kubectl(["delete", "namespace", namespace, "--wait=false", "--ignore-not-found"]);
    },
    eventually: (attempt) => clients.eventually(attempt, 60_000),
    stop,
  };
}

export async function createStateStoreBench(kubeconfig: string): Promise<StateStoreBench> {
  const { clients, connection, namespace, stop } = await createKubernetesBench(kubeconfig);
  return {
    store: createStateStore(connection, { environment }),
    other: createStateStore(connect({ kubeconfig, namespace }), { environment }),
    async forget() {
      const stored = [stateName, ...documentNames];
      await clients.kubectl(["delete", "configmap", ...stored, "-n", namespace, "--ignore-not-found"]);
    },
    async plantOld({ run, document }) {
      await clients.apply({
        ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: stateName, namespace } },
        data: { "run.json": JSON.stringify(run) },
        binaryData: { "data.br": brotliCompressSync(document).toString("base64") },
      });
    },
    stop,
  };
}

export async function createLeaseStoreBench(kubeconfig: string): Promise<LeaseStoreBench> {
  const { clients, connection, namespace, stop } = await createKubernetesBench(kubeconfig);
  const kubectl = (...args: string[]) => clients.kubectl([...args, "-n", namespace]);
  return {
    store: createLeaseStore(connection, { environment }),
    other: createLeaseStore(connect({ kubeconfig, namespace }), { environment }),
    async forget() {
      await kubectl("delete", "lease", stateName, "--ignore-not-found");
    },
    async pod(name, state) {
      if (state === "gone")
        await kubectl("delete", "pod", name, "--ignore-not-found", "--force", "--grace-period=0");
      else if (state === "finished")
        await kubectl("patch", "pod", name, "--subresource=status", "-p", '{"status":{"phase":"Succeeded"}}');
      else {
        const spec = { containers: [{ name: "main", image: "example.test/main:1" }] };
        await clients.apply({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace }, spec });
      }
    },
    stop,
  };
}
