/** The kinds of objects that the builder asks for, and their types as they are on the wire. */
import type {
  CoreV1Event,
  V1ConfigMap,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1Lease,
  V1Namespace,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1ResourceQuota,
  V1RoleBinding,
  V1SelfSubjectAccessReview,
  V1Service,
  V1StatefulSet,
} from "@kubernetes/client-node";

/** client-node's types say Date where JSON has text. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer E)[]
    ? Wire<E>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

export interface Resource<T> {
  group: string;
  version: string;
  /** Plural, as in paths. */
  plural: string;
  kind: string;
  /** Only there for the compiler. */
  readonly object?: T;
}

const resource = <T>(apiVersion: string, kind: string, plural: string): Resource<Wire<T>> => {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  return { group, version, plural, kind };
};

export type Namespace = Wire<V1Namespace>;
export type Node = Wire<V1Node>;
export type Pod = Wire<V1Pod>;
export type Service = Wire<V1Service>;
export type Claim = Wire<V1PersistentVolumeClaim>;
export type ConfigMap = Wire<V1ConfigMap>;
export type KubernetesEvent = Wire<CoreV1Event>;
export type Deployment = Wire<V1Deployment>;
export type StatefulSet = Wire<V1StatefulSet>;
export type DaemonSet = Wire<V1DaemonSet>;
export type Lease = Wire<V1Lease>;

export const resources = {
  namespaces: resource<V1Namespace>("v1", "Namespace", "namespaces"),
  nodes: resource<V1Node>("v1", "Node", "nodes"),
  quotas: resource<V1ResourceQuota>("v1", "ResourceQuota", "resourcequotas"),
  pods: resource<V1Pod>("v1", "Pod", "pods"),
  services: resource<V1Service>("v1", "Service", "services"),
  claims: resource<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
  configMaps: resource<V1ConfigMap>("v1", "ConfigMap", "configmaps"),
  events: resource<CoreV1Event>("v1", "Event", "events"),
  deployments: resource<V1Deployment>("apps/v1", "Deployment", "deployments"),
  statefulSets: resource<V1StatefulSet>("apps/v1", "StatefulSet", "statefulsets"),
  daemonSets: resource<V1DaemonSet>("apps/v1", "DaemonSet", "daemonsets"),
  jobs: resource<V1Job>("batch/v1", "Job", "jobs"),
  leases: resource<V1Lease>("coordination.k8s.io/v1", "Lease", "leases"),
  roleBindings: resource<V1RoleBinding>("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
  accessReviews: resource<V1SelfSubjectAccessReview>(
    "authorization.k8s.io/v1",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
  ),
} as const;

export interface Place {
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
}

export const apiVersionOf = ({ group, version }: Resource<unknown>): string =>
  group === "" ? version : `${group}/${version}`;

/** The path of an object, or of a list where no name is given. */
export function pathOf(resource: Resource<unknown>, { namespace, name, subresource }: Place): string {
  const root = resource.group === "" ? "/api" : `/apis/${resource.group}`;
  const parts = [
    ...(namespace === undefined ? [] : ["namespaces", namespace]),
    resource.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `${root}/${resource.version}/${parts.map(encodeURIComponent).join("/")}`;
}
