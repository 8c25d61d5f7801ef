/** Namespaces: found, made, annotated, deleted. */
import { setTimeout as sleep } from "node:timers/promises";
import type { NamespaceView } from "../../domain/release.ts";
import { ConflictError, TransientError } from "../../errors.ts";
import type { Cluster } from "../../ports/cluster.ts";
import type { KubernetesConnection } from "./client.ts";
import { dependency, isStatus } from "./failures.ts";
import { resources, type Namespace } from "./resources.ts";
import { isAllowed } from "./rights.ts";

export interface AccessOptions {
  /** The ServiceAccount that the builder runs as, in the builder's namespace. */
  serviceAccount?: string | undefined;
  /** The ClusterRole that it binds itself to in a release's namespace; undefined: it may do all it needs already. */
  releaseRole?: string | undefined;
}

type NamespaceCalls = Pick<
  Cluster,
  | "findNamespaces"
  | "findNamespace"
  | "ensureNamespace"
  | "ensureAccess"
  | "annotateNamespace"
  | "deleteNamespace"
>;

const bindingName = "powo-builder";
/** A new binding works once the API server's authorizer has seen it, usually within milliseconds. */
const bindingPolls = { count: 60, everyMs: 250 };

export function createNamespaces(connection: KubernetesConnection, access: AccessOptions): NamespaceCalls {
  const { api } = connection;

  const findNamespace = async (name: string): Promise<NamespaceView | undefined> => {
    const namespace = await api.find(resources.namespaces, { name });
    return namespace && viewOf(namespace);
  };

  return {
    findNamespace,

    async findNamespaces() {
      return (await api.list(resources.namespaces)).map(viewOf);
    },

    async ensureNamespace(name, labels) {
      try {
        return viewOf(await api.create(resources.namespaces, undefined, { metadata: { name, labels } }));
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        const present = await findNamespace(name);
        if (present) return present;
        throw new TransientError(dependency, `namespace ${name} was there and is gone`, { cause: error });
      }
    },

    ensureAccess: (namespace) => ensureAccess(connection, access, namespace),

    async annotateNamespace(name, annotations) {
      await api.patch(resources.namespaces, { name }, { metadata: { annotations } });
    },

    async deleteNamespace(name, uid) {
      try {
        await api.delete(resources.namespaces, { name }, uid);
      } catch (error) {
        if (isStatus(error, 404)) return;
        if (!(error instanceof ConflictError)) throw error;
        // 409: another uid, or this one and its deletion is under way (it can't be asked for twice)
        const present = await findNamespace(name);
        if (!present || (present.uid === uid && present.terminating)) return;
        throw error;
      }
    },
  };
}

function viewOf({ metadata }: Namespace): NamespaceView {
  return {
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    terminating: metadata?.deletionTimestamp !== undefined,
    createdAt: metadata?.creationTimestamp ?? "",
  };
}

async function ensureAccess(
  { api, namespace: ownNamespace }: KubernetesConnection,
  { serviceAccount, releaseRole }: AccessOptions,
  namespace: string,
): Promise<void> {
  if (releaseRole === undefined || serviceAccount === undefined) return;
  try {
    await api.create(resources.roleBindings, namespace, {
      metadata: { name: bindingName, labels: { "app.kubernetes.io/managed-by": "powo-builder" } },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: releaseRole },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount, namespace: ownNamespace }],
    });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  for (let poll = 0; poll < bindingPolls.count; poll += 1) {
    // A right that nothing but the role gives: pods may be listed in the whole cluster.
    if (await isAllowed(api, { verb: "create", group: "", resource: "secrets", namespace })) return;
    await sleep(bindingPolls.everyMs);
  }
}
