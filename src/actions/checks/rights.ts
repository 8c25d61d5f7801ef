/** Asks the API server for every right that the run will need. */
import type { Settings } from "../../config/settings.ts";
import { documentName, stateName } from "../../domain/names.ts";
import type { Right } from "../../domain/release.ts";
import type { Task } from "../../pipeline/task.ts";
import type { Check } from "./index.ts";

export async function checkRights({ ports, settings }: Task): Promise<Check<true>> {
  const rights = neededRights(settings);
  const denied = await ports.cluster.denied(rights);
  const problems = [...Map.groupBy(denied, (right) => thing(right, settings)).entries()].map(
    ([what, rights]) => ({
      where: "Kubernetes permissions",
      what: `may not ${rights.map(({ verb }) => verb).join(", ")} ${what}; give the builder's ServiceAccount the roles of its chart`,
    }),
  );
  return { result: true, problems, warnings: [], checked: rights.length };
}

/** `deployments.apps in a release's namespace`. */
function thing({ group, resource, namespace }: Right, { builderNamespace }: Owner): string {
  const place = namespace === builderNamespace ? namespace : "a release's namespace";
  return `${resource}${group && `.${group}`}${namespace === undefined ? "" : ` in ${place}`}`;
}

type Owner = Pick<Settings, "environment" | "releaseRole" | "builderNamespace">;

/**
 * All that the chart's roles give, but for the optional look at the cluster's room; inside release namespaces only
 * where no role is bound there first (RELEASE_ROLE).
 */
export function neededRights(settings: Owner): Right[] {
  const { environment, releaseRole } = settings;
  const anywhere = (resource: string, verbs: readonly string[], group = ""): Right[] =>
    verbs.map((verb) => ({ verb, group, resource }));
  const release = `${environment}-00000`;
  const inside = (resource: string, verbs: readonly string[], group = ""): Right[] =>
    verbs.map((verb) => ({ verb, group, resource, namespace: release }));
  const common = [
    ...ownRights(settings),
    ...anywhere("namespaces", ["get", "list", "create", "patch", "delete"]),
    ...inside("services", ["list"]),
  ];
  if (releaseRole !== undefined) {
    const bind = {
      verb: "bind",
      group: "rbac.authorization.k8s.io",
      resource: "clusterroles",
      name: releaseRole,
    };
    return [...common, bind, ...inside("rolebindings", ["create"], "rbac.authorization.k8s.io")];
  }
  return [
    ...common,
    ...inside("secrets", ["get", "list", "create", "update", "delete"]),
    ...inside("services", ["create", "delete"]),
    ...inside("configmaps", ["create", "delete"]),
    ...inside("persistentvolumeclaims", ["list", "create", "delete"]),
    ...inside("pods", ["list", "delete"]),
    ...inside("pods/log", ["get"]),
    ...inside("events", ["list"]),
    ...inside("deployments", ["list", "create", "delete"], "apps"),
    ...inside("statefulsets", ["list"], "apps"),
  ];
}

/** In the builder's own namespace: its state and its lock, whether another builder lives, Events on its Job. */
function ownRights({ environment, builderNamespace: namespace }: Owner): Right[] {
  if (namespace === undefined) return [];
  const state = stateName(environment);
  const own = (resource: string, verbs: readonly string[], group = "", named?: string): Right[] =>
    verbs.map((verb) => ({ verb, group, resource, namespace, ...(named !== undefined && { name: named }) }));
  const leases = "coordination.k8s.io";
  return [
    ...own("configmaps", ["create"]),
    ...[state, documentName(environment)].flatMap((name) => own("configmaps", ["get", "patch"], "", name)),
    ...[...own("leases", ["create"], leases), ...own("leases", ["get", "patch"], leases, state)],
    ...[...own("pods", ["get"]), ...own("jobs", ["get"], "batch"), ...own("events", ["create", "patch"])],
  ];
}
