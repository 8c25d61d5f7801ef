export { connect, type KubernetesConnection } from "./client.ts";
export { createCluster } from "./cluster.ts";
export { createAnnouncer } from "./events.ts";
export { identity } from "./holder.ts";
export { createLeaseStore } from "./lease-store.ts";
export { createStateStore } from "./state-store.ts";
