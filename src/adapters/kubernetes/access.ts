/** What the builder may do, as the API server sees it, and how it gets its rights in a release's namespace. */
import { setTimeout as delay } from "node:timers/promises";
import { AuthorizationV1Api, RbacAuthorizationV1Api } from "@kubernetes/client-node";
import { labels, managedBy } from "../../domain/names.ts";
import type { Right } from "../../domain/release.ts";
import { ConflictError, TransientError } from "../../errors.ts";
import type { Cluster } from "../../ports/cluster.ts";
import type { KubernetesConnection } from "./client.ts";
import { dependency } from "./failures.ts";

export interface AccessOptions {
  /** The ServiceAccount that the builder runs as, in the builder's namespace. */
  serviceAccount?: string | undefined;
  /** The ClusterRole that it binds itself to in a release's namespace; undefined: it may do all it needs already. */
  releaseRole?: string | undefined;
  /** Pauses between looks at a new binding. */
  sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

const bindingName = "powo-builder";
/** A new binding works once the API server's authorizer has seen it, usually within milliseconds. */
const bindingPolls = { count: 60, everyMs: 250 };

export function createAccess(
  connection: KubernetesConnection,
  { serviceAccount, releaseRole, sleep = delay }: AccessOptions,
): Pick<Cluster, "ensureAccess" | "denied"> {
  const rbac = connection.api(RbacAuthorizationV1Api);
  const authorization = connection.api(AuthorizationV1Api);

  const isAllowed = async (right: Right): Promise<boolean> => {
    const [resource = "", subresource = ""] = right.resource.split("/", 2);
    const body = { spec: { resourceAttributes: { ...right, resource, subresource } } };
    return (await authorization.createSelfSubjectAccessReview({ body })).status?.allowed === true;
  };

  return {
    async denied(rights) {
      const allowed = await Promise.all(rights.map(isAllowed));
      return rights.filter((_, index) => allowed[index] !== true);
    },

    async ensureAccess(namespace) {
      if (releaseRole === undefined || serviceAccount === undefined) return;
      const body = {
        metadata: { name: bindingName, labels: { [labels.managedBy]: managedBy } },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: releaseRole },
        subjects: [{ kind: "ServiceAccount", name: serviceAccount, namespace: connection.namespace }],
      };
      try {
        await rbac.createNamespacedRoleBinding({ namespace, body });
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
      for (let poll = 0; poll < bindingPolls.count; poll += 1) {
        // A right that nothing but the role gives: pods may be listed in the whole cluster.
        if (await isAllowed({ verb: "create", group: "", resource: "secrets", namespace })) return;
        await sleep(bindingPolls.everyMs);
      }
      const message = `${dependency} still refuses ${serviceAccount} the rights of ${releaseRole} in namespace ${namespace}`;
      const hint = `see kubectl get rolebinding ${bindingName} -n ${namespace} -o yaml; does it name both?`;
      throw new TransientError(dependency, message, { status: 403, hint });
    },
  };
}
