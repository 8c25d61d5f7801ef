/** Which resources the emulator has, and what discovery says about them. */
import type { ResourceType } from "./types.ts";

const everything = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const reviews = ["create"];

interface Extra {
  cluster?: boolean;
  short?: string;
  categories?: string;
  sub?: string;
  verbs?: string[];
}

function resource(apiVersion: string, kind: string, extra: Extra = {}, plural = plurals(kind)): ResourceType {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const words = (text?: string) => (text ? text.split(",") : []);
  return {
    id: group ? `${plural}.${group}` : plural,
    group,
    version,
    apiVersion,
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced: !extra.cluster,
    shortNames: words(extra.short),
    categories: words(extra.categories),
    subresources: words(extra.sub),
    verbs: extra.verbs ?? everything,
  };
}

function plurals(kind: string): string {
  const name = kind.toLowerCase();
  if (name.endsWith("s") && name !== "endpoints") return `${name}es`;
  if (name === "endpoints") return name;
  return name.endsWith("y") ? `${name.slice(0, -1)}ies` : `${name}s`;
}

const cluster = true;
const workload = { categories: "all", sub: "status,scale" };

export const resourceTypes: ResourceType[] = [
  resource("v1", "Namespace", { cluster, short: "ns", sub: "status,finalize" }),
  resource("v1", "Node", { cluster, short: "no", sub: "status" }),
  resource("v1", "Pod", { short: "po", categories: "all", sub: "status,log,eviction" }),
  resource("v1", "Service", { short: "svc", categories: "all", sub: "status" }),
  resource("v1", "Endpoints", { short: "ep" }),
  resource("v1", "ConfigMap", { short: "cm" }),
  resource("v1", "Secret"),
  resource("v1", "ServiceAccount", { short: "sa", sub: "token" }),
  resource("v1", "PersistentVolume", { cluster, short: "pv", sub: "status" }),
  resource("v1", "PersistentVolumeClaim", { short: "pvc", sub: "status" }),
  resource("v1", "Event", { short: "ev" }),
  resource("v1", "ResourceQuota", { short: "quota", sub: "status" }),
  resource("v1", "LimitRange", { short: "limits" }),
  resource("v1", "PodTemplate"),
  resource("apps/v1", "Deployment", { ...workload, short: "deploy" }),
  resource("apps/v1", "ReplicaSet", { ...workload, short: "rs" }),
  resource("apps/v1", "StatefulSet", { ...workload, short: "sts" }),
  resource("apps/v1", "DaemonSet", { categories: "all", short: "ds", sub: "status" }),
  resource("apps/v1", "ControllerRevision"),
  resource("batch/v1", "Job", { categories: "all", sub: "status" }),
  resource("batch/v1", "CronJob", { categories: "all", short: "cj", sub: "status" }),
  resource("autoscaling/v2", "HorizontalPodAutoscaler", { categories: "all", short: "hpa", sub: "status" }),
  resource("policy/v1", "PodDisruptionBudget", { short: "pdb", sub: "status" }),
  resource("coordination.k8s.io/v1", "Lease"),
  resource("discovery.k8s.io/v1", "EndpointSlice"),
  resource("events.k8s.io/v1", "Event", { short: "ev" }),
  resource("networking.k8s.io/v1", "Ingress", { short: "ing", sub: "status" }),
  resource("networking.k8s.io/v1", "IngressClass", { cluster }),
  resource("networking.k8s.io/v1", "NetworkPolicy", { short: "netpol" }),
  resource("rbac.authorization.k8s.io/v1", "Role"),
  resource("rbac.authorization.k8s.io/v1", "RoleBinding"),
  resource("rbac.authorization.k8s.io/v1", "ClusterRole", { cluster }),
  resource("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", { cluster }),
  resource("scheduling.k8s.io/v1", "PriorityClass", { cluster, short: "pc" }),
  resource("storage.k8s.io/v1", "StorageClass", { cluster, short: "sc" }),
  resource("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", { cluster, sub: "status" }),
  resource("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", { cluster }),
  resource("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", { cluster }),
  resource("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", { cluster }),
  resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
    cluster,
    short: "crd,crds",
    sub: "status",
  }),
  resource("authentication.k8s.io/v1", "SelfSubjectReview", { cluster, verbs: reviews }),
  resource("authentication.k8s.io/v1", "TokenReview", { cluster, verbs: reviews }),
  resource("authorization.k8s.io/v1", "SelfSubjectAccessReview", { cluster, verbs: reviews }),
  resource("authorization.k8s.io/v1", "SelfSubjectRulesReview", { cluster, verbs: reviews }),
  resource("authorization.k8s.io/v1", "SubjectAccessReview", { cluster, verbs: reviews }),
];

/** Every API group version, core first. */
export const groupVersions = [...new Set(resourceTypes.map((type) => type.apiVersion))];

const byId = new Map(resourceTypes.map((type) => [type.id, type]));
const byKind = new Map([...resourceTypes].reverse().map((type) => [type.kind, type]));

/** A resource by its id (`pods`, `deployments.apps`) or kind (`Pod`); of two with one kind, the core one. */
export function requireType(idOrKind: string): ResourceType {
  const type = byId.get(idOrKind) ?? byKind.get(idOrKind);
  if (!type) throw new Error(`no such resource: ${idOrKind}`);
  return type;
}

export function findType(group: string, version: string, plural: string): ResourceType | undefined {
  const type = byId.get(group ? `${plural}.${group}` : plural);
  return type?.version === version ? type : undefined;
}

/** Events have two API groups and one storage. */
export const storageId = (type: ResourceType): string => (type.kind === "Event" ? "events" : type.id);
