/** The lock, as a Lease of the name of the state (contract.md, "What is in the cluster"). */
import { hostname } from "node:os";
import { labels, managedBy, stateName } from "../../domain/names.ts";
import { ConflictError } from "../../errors.ts";
import type { LeaseRecord, LeaseStore, VersionedLease } from "../../pipeline/stores.ts";
import type { KubernetesConnection } from "./client.ts";
import { isStatus } from "./failures.ts";
import { parseProcess, processLives } from "./holder.ts";
import { resources, type Lease } from "./resources.ts";

const requestPrefix = "powo.kew.org/request-";
/** The Lease counts in seconds; what is finer stands beside it. */
const durationKey = "powo.kew.org/duration-ms";
const purposeKey = "powo.kew.org/purpose";

/** The Lease of an environment, in the builder's own namespace. */
export function createLeaseStore(
  { api, namespace }: KubernetesConnection,
  { environment, host = hostname() }: { environment: string; host?: string },
): LeaseStore {
  const name = stateName(environment);
  const place = { namespace, name };
  // A merge patch removes only what it names: the requests seen so far.
  const kinds = new Set<string>();

  const remember = (lease: Lease): VersionedLease => {
    const record = recordOf(lease);
    for (const kind of Object.keys(record.requests)) kinds.add(kind);
    return record;
  };

  return {
    async read() {
      const lease = await api.find(resources.leases, place);
      return lease && remember(lease);
    },

    async write(record, basedOn) {
      const { annotations, spec } = wireOf(record, kinds);
      if (basedOn === undefined) {
        const ownLabels = { [labels.managedBy]: managedBy, [labels.environment]: environment };
        const body = withoutNulls({ metadata: { name, labels: ownLabels, annotations }, spec });
        return remember(await api.create(resources.leases, namespace, body));
      }
      try {
        const metadata = { resourceVersion: basedOn, annotations };
        return remember(await api.patch(resources.leases, place, { metadata, spec }));
      } catch (error) {
        if (isStatus(error, 404)) throw new ConflictError(`Lease ${namespace}/${name}`, error);
        throw error;
      }
    },

    async holderLives({ holder, acquiredAt }) {
      if (holder === undefined) return false;
      const process = parseProcess(holder);
      if (process) return process.host === host ? processLives(process.pid, acquiredAt) : undefined;
      try {
        const pod = await api.find(resources.pods, { namespace, name: holder });
        return pod !== undefined && pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";
      } catch {
        return undefined;
      }
    },
  };
}

const microTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");

/** For a merge patch: null removes. */
function wireOf(
  record: LeaseRecord,
  kinds: ReadonlySet<string>,
): { annotations: Record<string, string | null>; spec: object } {
  const seconds = Math.max(1, Math.ceil(record.durationMs / 1000));
  const annotations: Record<string, string | null> = {
    [durationKey]: seconds * 1000 === record.durationMs ? null : String(record.durationMs),
    [purposeKey]: record.purpose ?? null,
  };
  for (const kind of kinds) annotations[requestPrefix + kind] = null;
  for (const [kind, request] of Object.entries(record.requests)) annotations[requestPrefix + kind] = request;
  return {
    annotations,
    spec: {
      holderIdentity: record.holder ?? null,
      renewTime: record.renewedAt === undefined ? null : microTime(record.renewedAt),
      acquireTime: record.acquiredAt === undefined ? null : microTime(record.acquiredAt),
      leaseDurationSeconds: seconds,
      leaseTransitions: record.transitions,
    },
  };
}

function recordOf({ metadata, spec }: Lease): VersionedLease {
  const annotations = metadata?.annotations ?? {};
  const secondsMs = (spec?.leaseDurationSeconds ?? 0) * 1000;
  const exactMs = Number(annotations[durationKey] ?? NaN);
  const requests = Object.entries(annotations)
    .filter(([key]) => key.startsWith(requestPrefix))
    .map(([key, request]): [string, string] => [key.slice(requestPrefix.length), request]);
  return {
    holder: spec?.holderIdentity === "" ? undefined : spec?.holderIdentity,
    renewedAt: timeOf(spec?.renewTime),
    acquiredAt: timeOf(spec?.acquireTime),
    // Somebody may have set the seconds by hand; then the annotation is of another time.
    durationMs: Math.ceil(exactMs / 1000) * 1000 === secondsMs ? exactMs : secondsMs,
    transitions: spec?.leaseTransitions ?? 0,
    requests: Object.fromEntries(requests),
    purpose: annotations[purposeKey],
    version: metadata?.resourceVersion ?? "",
  };
}

function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** A new object has nothing to remove. */
function withoutNulls(value: object): object {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]: [string, unknown]) => [
        key,
        typeof inner === "object" && inner !== null ? withoutNulls(inner) : inner,
      ]),
  );
}
