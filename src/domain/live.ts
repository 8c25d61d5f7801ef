/** Which release is live: the one whose load balancer DNS points at, found by address, never by label alone. */
import { isReleaseName, labels, managedBy, annotations } from "./names.ts";
import type { RecordSet } from "./dns-records.ts";
import type { NamespaceView } from "./release.ts";
import type { ServiceView } from "./workloads.ts";

export interface Live {
  /** Releases of this environment that a public name points at: one, none, or several after a half swap. */
  releases: string[];
  /** Addresses in DNS that belong to no release of this environment. */
  strangers: { name: string; address: string }[];
}

/** Finds what is live from the records and the services of the namespaces that have the environment's pattern. */
export function findLive(
  environment: string,
  records: readonly RecordSet[],
  services: ReadonlyMap<string, readonly ServiceView[]>,
): Live {
  const owners = new Map<string, string>();
  for (const [namespace, views] of services) {
    if (!isReleaseName(environment, namespace)) continue;
    for (const { address } of views) if (address !== undefined) owners.set(address, namespace);
  }
  const releases = new Set<string>();
  const strangers: Live["strangers"] = [];
  for (const record of records.filter(({ type }) => type === "A")) {
    for (const address of record.rrdatas) {
      const owner = owners.get(address);
      if (owner !== undefined) releases.add(owner);
      else strangers.push({ name: record.name, address });
    }
  }
  return { releases: [...releases].sort(), strangers };
}

export interface DeletionContext {
  environment: string;
  /** ISO time. */
  now: string;
  /** Releases that DNS points at right now. Undefined: DNS could not be read, and nothing may be deleted. */
  live: readonly string[] | undefined;
  /** DNS has no record of any public name: what was live once may be so still, and somebody has erred. */
  nothingInDns?: boolean;
  /** Names that the run, its history or the pinned records know as ours. */
  recorded: ReadonlySet<string>;
}

/** Why a namespace must not be deleted, or undefined when every interlock agrees (contract.md, invariant 2). */
export function whyNotDelete(namespace: NamespaceView, context: DeletionContext): string | undefined {
  const { environment, live, recorded, now } = context;
  if (!isReleaseName(environment, namespace.name)) return `its name is not ${environment}-<5 characters>`;
  if (annotations.keep in namespace.annotations) return `it carries the annotation ${annotations.keep}`;
  if (live === undefined) return "DNS could not be read, so what is live is not known";
  if (live.includes(namespace.name)) return "DNS points at it";
  if (context.nothingInDns && wasLive(namespace))
    return "it was live once, and DNS has no record of any public name, so what is live is not known";
  if (!isOurs(namespace, environment) && !recorded.has(namespace.name)) {
    return `neither its labels nor any run say that it belongs to ${environment}`;
  }
  const until = namespace.annotations[annotations.retainUntil];
  if (until !== undefined && until > now) return `it is kept until ${until}`;
  return undefined;
}

/** Whether the labels say that this builder made the namespace for this environment. */
export function isOurs({ labels: given }: NamespaceView, environment: string): boolean {
  const owner = given[labels.environment];
  return given[labels.managedBy] === managedBy && owner === environment;
}

/** Whether the release was ever live; what never was is a failed build. */
export function wasLive(namespace: NamespaceView): boolean {
  return annotations.liveSince in namespace.annotations || annotations.replacedAt in namespace.annotations;
}
