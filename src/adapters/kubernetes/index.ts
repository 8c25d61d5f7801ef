export { connect, type KubernetesConnection } from "./client.ts";
export { createCluster } from "./cluster.ts";
export { createAnnouncer } from "./events.ts";
export { createLeaseStore, identity } from "./lease-store.ts";
export { createStateStore } from "./state-store.ts";
