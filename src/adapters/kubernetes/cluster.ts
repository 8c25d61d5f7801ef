/** The Cluster port, on the Kubernetes API. */
import type { Cluster } from "../../ports/cluster.ts";
import { readCapacity } from "./capacity.ts";
import type { KubernetesConnection } from "./client.ts";
import { findBlockers, findWarnings, readLogs } from "./diagnosis.ts";
import { createNamespaces, type AccessOptions } from "./namespaces.ts";
import { findDenied } from "./rights.ts";
import { findPods, findServices, observe } from "./workloads.ts";

/**
 * The cluster behind a connection. Every method throws TransientError for an outage, PermanentError
 * KUBERNETES_FORBIDDEN for a missing right, ConflictError where somebody else wrote in between.
 */
export function createCluster(connection: KubernetesConnection, access: AccessOptions = {}): Cluster {
  const { api } = connection;
  return {
    version: () => api.version(),
    ...createNamespaces(connection, access),
    findServices: (namespace) => findServices(api, namespace),
    observe: (namespace) => observe(api, namespace),
    findPods: (namespace) => findPods(api, namespace),
    logs: (namespace, pod, container, lines) => readLogs(api, { namespace, pod, container }, lines),
    warnings: (namespace, objectName) => findWarnings(api, namespace, objectName),
    blockers: (namespace) => findBlockers(api, namespace),
    capacity: () => readCapacity(api),
    denied: (rights) => findDenied(api, rights),
  };
}
