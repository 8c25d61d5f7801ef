import { AppsV1Api, CoreV1Api, type V1Namespace, VersionApi } from "@kubernetes/client-node";
import type { NamespaceView } from "../../domain/release.ts";
import { ConflictError, TransientError } from "../../errors.ts";
import type { Cluster } from "../../ports/cluster.ts";
import { type AccessOptions, createAccess } from "./access.ts";
import { readCapabilities } from "./capabilities.ts";
import { readCapacity } from "./capacity.ts";
import { type KubernetesConnection, listAll, mergePatch } from "./client.ts";
import { createDiagnosis } from "./diagnosis.ts";
import { dependency, unlessRefused } from "./failures.ts";
import { createObservation } from "./workloads.ts";

/** The Cluster port, on the Kubernetes API. */
export function createCluster(connection: KubernetesConnection, access: AccessOptions = {}): Cluster {
  const core = connection.api(CoreV1Api);
  const findNamespace = async (name: string): Promise<NamespaceView | undefined> => {
    const namespace = await unlessRefused(core.readNamespace({ name }), 404);
    return namespace && viewOf(namespace);
  };

  const observation = createObservation(core, connection.api(AppsV1Api));
  return {
    ...createAccess(connection, access),
    ...observation,
    ...createDiagnosis(core),
    capabilities: () => readCapabilities(connection),
    version: async () => (await connection.api(VersionApi).getCode()).gitVersion,
    capacity: (release) => readCapacity(core, release),
    findNamespace,
    findNamespaces: async () => (await listAll((query) => core.listNamespace(query))).map(viewOf),

    async ensureNamespace(name, labels) {
      try {
        return viewOf(await core.createNamespace({ body: { metadata: { name, labels } } }));
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        const present = await findNamespace(name);
        if (present) return present;
        throw new TransientError(dependency, `namespace ${name} existed and is gone`, { cause: error });
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

    async deletePod(namespace, name, uid) {
      const body = { preconditions: { uid } };
      try {
        await unlessRefused(core.deleteNamespacedPod({ namespace, name, body }), 404);
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        // 409: another pod has its name by now, or somebody wrote in between
        const pods = await observation.findPods(namespace);
        if (pods.some((present) => present.uid === uid)) throw error;
      }
    },
  };
}

function viewOf({ metadata = {} }: V1Namespace): NamespaceView {
  const { name = "", uid = "", labels = {}, annotations = {}, deletionTimestamp } = metadata;
  return { name, uid, labels, annotations, terminating: deletionTimestamp !== undefined };
}
