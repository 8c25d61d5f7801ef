/** Everything the steps need from the world, and which of it has an outside effect. */
import type { Cluster } from "./cluster.ts";
import type { Dns } from "./dns.ts";
import type { Harvester } from "./harvester.ts";
import type { Notifier } from "./notifier.ts";
import type { Releases } from "./releases.ts";
import type { Site } from "./site.ts";
import type { Sources } from "./sources.ts";

export interface Ports {
  cluster: Cluster;
  releases: Releases;
  sources: Sources;
  harvester: Harvester;
  site: Site;
  dns: Dns;
  notifier: Notifier;
}

export type Nature = "read" | "effect";

/**
 * The nature of every port method. The compiler holds it complete: a method that is added without an entry
 * does not compile, so fencing, read-only mode and the crash matrix know it by themselves.
 */
export const natures: { readonly [P in keyof Ports]: { readonly [M in keyof Ports[P]]: Nature } } = {
  cluster: {
    version: "read",
    capabilities: "read",
    findNamespaces: "read",
    findNamespace: "read",
    ensureNamespace: "effect",
    ensureAccess: "effect",
    annotateNamespace: "effect",
    deleteNamespace: "effect",
    findServices: "read",
    observe: "read",
    findPods: "read",
    deletePod: "effect",
    logs: "read",
    warnings: "read",
    blockers: "read",
    capacity: "read",
    denied: "read",
  },
  releases: {
    find: "read",
    findObjects: "read",
    render: "read",
    upgrade: "effect",
    install: "effect",
    rollback: "effect",
    uninstall: "effect",
  },
  sources: { fetchChart: "read", fetchData: "read", readSecrets: "read" },
  harvester: {
    exportData: "read",
    importData: "effect",
    findList: "read",
    startList: "effect",
    findExecution: "read",
    startJob: "effect",
  },
  site: { probe: "read", totalResults: "read", countTaxa: "read", hasTaxon: "read" },
  dns: {
    findZone: "read",
    findRecords: "read",
    findAddressRecords: "read",
    findMissingRights: "read",
    change: "effect",
    findChangeStatus: "read",
    findPending: "read",
  },
  notifier: { notify: "effect", announce: "effect" },
};
