import type { ClusterCapacity } from "../domain/capacity.ts";
import type { NamespaceView, RenderedObject, Right } from "../domain/release.ts";
import type { Capabilities } from "./releases.ts";
import type { PodView, ServiceView, Workloads } from "../domain/workloads.ts";

/**
 * The Kubernetes cluster that the releases live in. Every method throws ConflictError where somebody else wrote in between,
 * and TransientError, with the status that was seen, for every other answer that it says nothing about.
 */
export interface Cluster {
  /** The server's version; the cheapest way to ask whether it answers. */
  version(): Promise<string>;
  /** What charts may ask of it: its version, and every API version it serves, alone and with each kind. */
  capabilities(): Promise<Capabilities>;
  /** All namespaces of the cluster; who belongs to whom is decided in the domain. */
  findNamespaces(): Promise<NamespaceView[]>;
  findNamespace(name: string): Promise<NamespaceView | undefined>;
  /** Creates the namespace, or returns the one that is there as it is (labels are not touched). */
  ensureNamespace(name: string, labels: Record<string, string>): Promise<NamespaceView>;
  /**
   * Binds the builder's role in a release namespace to itself, where a RELEASE_ROLE is configured, and waits until that
   * works; TransientError when it does not.
   */
  ensureAccess(namespace: string): Promise<void>;
  /** Sets annotations and labels; null removes an annotation. */
  annotateNamespace(
    name: string,
    annotations: Record<string, string | null>,
    labels?: Record<string, string>,
  ): Promise<void>;
  /** Starts the deletion of exactly the namespace with this uid; one that is gone already is success. */
  deleteNamespace(name: string, uid: string): Promise<void>;
  findServices(namespace: string): Promise<ServiceView[]>;
  observe(namespace: string): Promise<Workloads>;
  /** The pods alone: one question instead of six. */
  findPods(namespace: string): Promise<PodView[]>;
  /** Deletes exactly the pod with this uid; one that is gone already is success. */
  deletePod(namespace: string, name: string, uid: string): Promise<void>;
  /** The last lines of a container's log, of its previous life where it has restarted; [] when there are none. */
  logs(namespace: string, pod: string, container: string, lines: number): Promise<string[]>;
  /** The last warning events of an object, or of the whole namespace, one line each, oldest first. */
  warnings(namespace: string, objectName?: string): Promise<string[]>;
  /** What keeps a terminating namespace: finalizers, objects left, as far as they may be listed; one line each. */
  blockers(namespace: string): Promise<string[]>;
  /**
   * What the nodes have, what pods have asked of them, and what the pods of a rendered chart would ask; undefined where
   * nodes or pods of the cluster may not be listed.
   */
  capacity(release: readonly RenderedObject[]): Promise<ClusterCapacity | undefined>;
  /** Those of the rights that the API server would refuse. */
  denied(rights: readonly Right[]): Promise<Right[]>;
}
