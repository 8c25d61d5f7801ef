/** The lock, as a Lease of the name of the state. */
import { hostname } from "node:os";
import { CoordinationV1Api, CoreV1Api, type V1Lease, V1MicroTime } from "@kubernetes/client-node";
import { labels, managedBy, stateName } from "../../domain/names.ts";
import { ConflictError } from "../../errors.ts";
import type { LeaseRecord, LeaseStore, VersionedLease } from "../../pipeline/stores.ts";
import { isAlive } from "../process/is-alive.ts";
import { type KubernetesConnection, mergePatch } from "./client.ts";
import { unlessRefused } from "./failures.ts";

const requestPrefix = "powo.kew.org/request-";
/** The Lease counts in seconds; what is finer stands beside it. */
const durationKey = "powo.kew.org/duration-ms";
const purposeKey = "powo.kew.org/purpose";
const maxTimeoutMs = 10_000;

/** The name of this builder in the Lease: its pod, or `<host name>_<process id>` outside a pod. */
export function identity({ podName }: { podName?: string | undefined } = {}): string {
  return podName ?? `${hostname()}_${process.pid}`;
}

/** A process in the Lease. Names of pods have no underscore. */
export function parseProcess(holder: string): { host: string; pid: number } | undefined {
  const found = /^(.+)_(\d+)$/.exec(holder);
  return found?.[1] === undefined ? undefined : { host: found[1], pid: Number(found[2]) };
}

/**
 * The Lease of an environment, in the builder's own namespace. `durationMs` is LEASE_DURATION: a call may take a third of
 * it, so that one lost on a dead connection doesn't cost the Lease.
 */
export function createLeaseStore(
  connection: KubernetesConnection,
  { environment, durationMs = Infinity }: { environment: string; durationMs?: number | undefined },
): LeaseStore {
  const timeoutMs = Math.min(maxTimeoutMs, durationMs / 3);
  const leases = connection.api(CoordinationV1Api, timeoutMs);
  const core = connection.api(CoreV1Api, timeoutMs);
  const { namespace } = connection;
  const name = stateName(environment);
  // A merge patch removes only what it names: the requests seen so far.
  const removed: Record<string, null> = { [durationKey]: null, [purposeKey]: null };

  const remember = (lease: V1Lease): VersionedLease => {
    const record = recordOf(lease);
    for (const kind of Object.keys(record.requests)) removed[requestPrefix + kind] = null;
    return record;
  };

  return {
    async read() {
      const lease = await unlessRefused(leases.readNamespacedLease({ namespace, name }), 404);
      return lease && remember(lease);
    },

    async write(record, basedOn) {
      const [annotations, spec] = [annotationsOf(record), specOf(record)];
      if (basedOn === undefined) {
        const ownLabels = { [labels.managedBy]: managedBy, [labels.environment]: environment };
        const body = { metadata: { name, labels: ownLabels, annotations }, spec };
        return remember(await leases.createNamespacedLease({ namespace, body }));
      }
      const metadata = { resourceVersion: basedOn, annotations: { ...removed, ...annotations } };
      const body = { metadata, spec: { ...noHolder, ...spec } };
      const patched = leases.patchNamespacedLease({ namespace, name, body }, mergePatch);
      const lease = await unlessRefused(patched, 404);
      if (!lease) throw new ConflictError(`lease ${name} in namespace ${namespace}`);
      return remember(lease);
    },

    async holderLives({ holder }) {
      if (holder === undefined) return false;
      const process = parseProcess(holder);
      if (process) return process.host === hostname() ? isAlive(process.pid) : undefined;
      try {
        const pod = await unlessRefused(core.readNamespacedPod({ namespace, name: holder }), 404);
        return pod !== undefined && pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";
      } catch {
        return undefined;
      }
    },
  };
}

const secondsOf = (durationMs: number): number => Math.max(1, Math.ceil(durationMs / 1000));

function annotationsOf({ durationMs, purpose, requests }: LeaseRecord): Record<string, string> {
  return {
    ...(secondsOf(durationMs) * 1000 !== durationMs && { [durationKey]: String(durationMs) }),
    ...(purpose !== undefined && { [purposeKey]: purpose }),
    ...Object.fromEntries(Object.entries(requests).map(([kind, text]) => [requestPrefix + kind, text])),
  };
}

const noHolder = { holderIdentity: null, renewTime: null, acquireTime: null };

function specOf({ holder, renewedAt, acquiredAt, durationMs, transitions }: LeaseRecord) {
  return {
    ...(holder !== undefined && { holderIdentity: holder }),
    ...(renewedAt !== undefined && { renewTime: new V1MicroTime(renewedAt) }),
    ...(acquiredAt !== undefined && { acquireTime: new V1MicroTime(acquiredAt) }),
    leaseDurationSeconds: secondsOf(durationMs),
    leaseTransitions: transitions,
  };
}

function recordOf({ metadata, spec }: V1Lease): VersionedLease {
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

function timeOf(time: Date | undefined): number | undefined {
  const ms = new Date(time ?? NaN).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}
