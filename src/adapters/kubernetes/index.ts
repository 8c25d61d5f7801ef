export { connect, type ConnectOptions, type KubernetesConnection } from "./client.ts";
export { createCluster } from "./cluster.ts";
export { createAnnouncer, type AnnouncerOptions } from "./events.ts";
export { identity } from "./holder.ts";
export { createLeaseStore } from "./lease-store.ts";
export type { AccessOptions } from "./namespaces.ts";
export { createStateStore } from "./state-store.ts";
