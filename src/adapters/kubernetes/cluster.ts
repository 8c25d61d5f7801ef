/** The Cluster port, on the Kubernetes API. */
import { AppsV1Api, CoreV1Api, type V1Namespace, VersionApi } from "@kubernetes/client-node";
import type { NamespaceView } from "../../domain/release.ts";
import { ConflictError, TransientError } from "../../errors.ts";
import type { Cluster } from "../../ports/cluster.ts";
import { type AccessOptions, createAccess } from "./access.ts";
import { readCapacity } from "./capacity.ts";
import { type KubernetesConnection, listAll, mergePatch } from "./client.ts";
import { findBlockers, findWarnings, readLogs } from "./diagnosis.ts";
import { dependency, unlessRefused } from "./failures.ts";
import { findPods, findServices, observe } from "./workloads.ts";

/**
 * The cluster behind a connection. Every method throws ConflictError where somebody else wrote in between, and
 * TransientError for every other answer that it can't use.
 */
export function createCluster(connection: KubernetesConnection, access: AccessOptions = {}): Cluster {
  const [core, apps] = [connection.api(CoreV1Api), connection.api(AppsV1Api)];
  return {
    version: async () => (await connection.api(VersionApi).getCode()).gitVersion,
    ...createNamespaces(core),
    ...createAccess(connection, access),
    findServices: (namespace) => findServices(core, namespace),
    observe: (namespace) => observe({ core, apps }, namespace),
    findPods: (namespace) => findPods(core, namespace),
    deletePod: (namespace, name, uid) => deletePod(core, { namespace, name }, uid),
    logs: (namespace, pod, container, lines) => readLogs(core, { namespace, pod, container }, lines),
    warnings: (namespace, objectName) => findWarnings(core, namespace, objectName),
    blockers: (namespace) => findBlockers(core, namespace),
    capacity: (release) => readCapacity(core, release),
  };
}

async function deletePod(core: CoreV1Api, pod: { namespace: string; name: string }, uid: string) {
  try {
    await unlessRefused(core.deleteNamespacedPod({ ...pod, body: { preconditions: { uid } } }), 404);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    // 409: another pod has its name by now, or somebody wrote in between
    if ((await findPods(core, pod.namespace)).some((present) => present.uid === uid)) throw error;
  }
}

type NamespaceCalls = Pick<
  Cluster,
  "findNamespaces" | "findNamespace" | "ensureNamespace" | "annotateNamespace" | "deleteNamespace"
>;

function createNamespaces(core: CoreV1Api): NamespaceCalls {
  const findNamespace = async (name: string): Promise<NamespaceView | undefined> => {
    const namespace = await unlessRefused(core.readNamespace({ name }), 404);
    return namespace && viewOf(namespace);
  };

  return {
    findNamespace,

    async findNamespaces() {
      return (await listAll((query) => core.listNamespace(query))).map(viewOf);
    },

    async ensureNamespace(name, labels) {
      try {
        return viewOf(await core.createNamespace({ body: { metadata: { name, labels } } }));
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        const present = await findNamespace(name);
        if (present) return present;
        throw new TransientError(dependency, `namespace ${name} was there and is gone`, { cause: error });
      }
    },

    async annotateNamespace(name, annotations, labels = {}) {
      await core.patchNamespace({ name, body: { metadata: { annotations, labels } } }, mergePatch);
    },

    async deleteNamespace(name, uid) {
      const body = { preconditions: { uid }, propagationPolicy: "Background" };
      try {
        await unlessRefused(core.deleteNamespace({ name, body }), 404);
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        // 409: another uid, or this one and its deletion is under way (it can't be asked for twice)
        const present = await findNamespace(name);
        if (!present || (present.uid === uid && present.terminating)) return;
        throw error;
      }
    },
  };
}

function viewOf({ metadata }: V1Namespace): NamespaceView {
  return {
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    terminating: metadata?.deletionTimestamp !== undefined,
    createdAt: metadata?.creationTimestamp?.toISOString() ?? "",
  };
}
