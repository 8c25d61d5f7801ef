/** Asks the API server for every right that the run will need. */
import type { Settings } from "../../config/settings.ts";
import { documentName, stateName } from "../../domain/names.ts";
import type { Right } from "../../domain/release.ts";
import type { Task } from "../../pipeline/task.ts";
import type { Check } from "./index.ts";

export async function checkRights({ ports, settings }: Task): Promise<Check<true>> {
  const rights = neededRights(settings);
  const denied = await ports.cluster.denied(rights);
  const problems = [...Map.groupBy(denied, (right) => thing(right, settings))].map(([what, refused]) => ({
    where: "Kubernetes permissions",
    what: `may not ${refused.map(({ verb }) => verb).join(", ")} ${what}; give the builder's ServiceAccount the roles of its chart`,
  }));
  return { result: true, problems, warnings: [], checked: rights.length };
}

function thing({ group, resource, namespace }: Right, { builderNamespace }: Owner): string {
  const place = namespace === builderNamespace ? namespace : "a release's namespace";
  return `${resource}${group && `.${group}`}${namespace === undefined ? "" : ` in ${place}`}`;
}

type Owner = Pick<Settings, "environment" | "releaseRole" | "builderNamespace">;

/** Resource and group as kubectl takes them, verbs, and the name of the only object that they are needed for. */
type Row = readonly [resource: string, verbs: string, name?: string];

const insideRelease: readonly Row[] = [
  ["secrets", "get list create update delete"],
  ["services", "create delete"],
  ["configmaps", "create delete"],
  ["persistentvolumeclaims", "list create delete"],
  ["pods", "list delete"],
  ["pods/log", "get"],
  ["events", "list"],
  ["deployments.apps", "list create delete"],
  ["statefulsets.apps", "list"],
  ["daemonsets.apps", "list"],
];

/**
 * All that the chart's roles give, but for the optional look at the cluster's room; inside release namespaces only
 * where no role is bound there first (RELEASE_ROLE).
 */
export function neededRights({ environment, releaseRole, builderNamespace }: Owner): Right[] {
  const state = stateName(environment);
  // Its state and its lock, whether another builder lives, Events on its Job.
  const own: Row[] = [
    ["configmaps", "create"],
    ["configmaps", "get patch", state],
    ["configmaps", "get patch", documentName(environment, 1)],
    ["configmaps", "get patch", documentName(environment, 2)],
    ["leases.coordination.k8s.io", "create"],
    ["leases.coordination.k8s.io", "get patch", state],
    ["pods", "get"],
    ["jobs.batch", "get"],
    ["events", "create patch"],
  ];
  const anywhere: Row[] = [["namespaces", "get list create patch delete"]];
  if (releaseRole !== undefined)
    anywhere.push(["clusterroles.rbac.authorization.k8s.io", "bind", releaseRole]);
  const inside: readonly Row[] =
    releaseRole === undefined ? insideRelease : [["rolebindings.rbac.authorization.k8s.io", "create"]];
  return [
    ...(builderNamespace === undefined ? [] : own.flatMap((row) => rightsOf(row, builderNamespace))),
    ...anywhere.flatMap((row) => rightsOf(row)),
    ...[["services", "list"] as const, ...inside].flatMap((row) => rightsOf(row, `${environment}-00000`)),
  ];
}

function rightsOf([what, verbs, name]: Row, namespace?: string): Right[] {
  const [resource = "", ...group] = what.split(".");
  const about = { group: group.join("."), resource, ...(namespace && { namespace }), ...(name && { name }) };
  return verbs.split(" ").map((verb) => ({ verb, ...about }));
}
