/** Puts the old records back, at every name that this run has written. */
import { type Mapping, type RecordSet, zonesOf } from "../domain/dns-records.ts";
import {
  addressRecord,
  drainMs,
  homeOf,
  newRecordTtlSeconds,
  planUndo,
  withWritten,
} from "../domain/dns-plan.ts";
import { annotations } from "../domain/names.ts";
import { findOwnServices } from "../domain/own-services.ts";
import { replacedBy, type Failure, type RunState } from "../domain/run.ts";
import type { ServiceView } from "../domain/workloads.ts";
import {
  type BuilderError,
  CancelledError,
  ConflictError,
  exitCodes,
  PermanentError,
  RefusedError,
  TransientError,
} from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Run } from "../pipeline/run.ts";
import { saveSwap, settlePending, submitChange, swapOf } from "./change-dns.ts";
import { failureOf } from "./failure.ts";
import { findInstalled, readRecords } from "./read-live.ts";
import { markRelease } from "./remove-release.ts";

const maxTries = 5;

/** The error that an earlier builder was putting the records back for, when it was stopped. */
export function storedError({ code, message, details, hint, exitCode }: Failure): BuilderError {
  const Kind = exitCode === exitCodes.refused ? RefusedError : PermanentError;
  return new Kind(code, message, { details, hint });
}

/**
 * Puts the old records back and ends with `error`. That is written down first: a builder that takes over in the middle
 * goes on putting back, and never swaps again what was judged already.
 */
export async function putBack(run: Run, error: BuilderError): Promise<never> {
  if (!swapOf(run).undoing) await saveSwap(run, { undoing: failureOf(run, error) });
  await undoSwap(run);
  throw error;
}

/** Undoes the swap, each zone on its own. Names that somebody else changed meanwhile are left alone. */
export async function undoSwap(run: Run): Promise<void> {
  const { settings, clock, state } = run;
  // Resolvers may hold our addresses for as long as the records said until now: the release stays until then.
  const protect = (ttlSeconds: number) => {
    const until = new Date(clock.now() + drainMs(ttlSeconds, settings.dns.drainTtls)).toISOString();
    return markRelease(run, state.release, { [annotations.retainUntil]: until });
  };
  const { before, oldTtlSeconds = 0 } = swapOf(run);
  const ttls = settings.mappings.map(
    (mapping) => addressRecord(before, mapping)?.ttlSeconds ?? newRecordTtlSeconds,
  );
  const expected = Math.max(oldTtlSeconds, ...ttls);
  await protect(expected);
  const zones = zonesOf(settings.mappings);
  const ended = await Promise.allSettled(zones.map((zone) => undoZone(run, zone)));
  const seen = ended.map((zone) => (zone.status === "fulfilled" ? zone.value : 0));
  await protect(Math.max(expected, ...seen));
  const failed = ended.find((zone) => zone.status === "rejected");
  if (failed) throw failed.reason;
  await settleIfTold(run);
  await protect(Math.max(expected, ...seen));
  await saveSwap(run, { undoneAt: timestamp(clock), pending: [], moved: [] });
  for (const name of replacedBy(state)) await markRelease(run, name, notReplaced);
}

/** The marks of a release that the public names point at after all. */
export const notReplaced = { [annotations.replacedAt]: null, [annotations.retainUntil]: null };

/** The records show that the names are back: not knowing whether Cloud DNS's servers have the change holds nothing up. */
async function settleIfTold(run: Run): Promise<void> {
  try {
    await settlePending(run);
  } catch (error) {
    run.signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    run.log.warn(
      {},
      `the names are put back; Cloud DNS does not say whether all servers know: ${error.message}`,
    );
  }
}

/**
 * The records that the names get back: the pinned ones, with a release's addresses of today. Throws TransientError while
 * its load balancer has none.
 */
export async function findHomes(
  { ports, state }: Pick<Run, "ports"> & { state: Pick<RunState, "dns"> },
  mappings: readonly Mapping[],
): Promise<RecordSet[]> {
  const { before = [], owners = [] } = state.dns ?? {};
  const homes: RecordSet[] = [];
  const services = new Map<string, ServiceView[]>();
  for (const mapping of mappings) {
    const pinned = addressRecord(before, mapping);
    if (!pinned) continue;
    const owner = owners.find(({ name }) => name === mapping.name)?.release;
    if (owner !== undefined && !services.has(owner))
      services.set(owner, await findOwn(ports, owner, mappings));
    const own = services.get(owner ?? "")?.find(({ component }) => component === mapping.service);
    const home = homeOf(pinned, own);
    if (!home) {
      const what = `${mapping.service} of ${owner ?? ""} has no address at present`;
      throw new TransientError("the load balancer", `${what}; ${mapping.name} can't be put back yet`);
    }
    homes.push(home);
  }
  return homes;
}

async function findOwn(
  ports: Run["ports"],
  release: string,
  mappings: readonly Mapping[],
): Promise<ServiceView[]> {
  const manifest = await findInstalled({ ports }, release);
  const seen = await ports.cluster.findServices(release);
  const mapped = mappings.map(({ service }) => service);
  return findOwnServices(seen, mapped, { release, manifest }).services;
}

/** Changes a zone until no name points at the new release; returns the longest TTL of what did. Throws CancelledError DNS_CONTENDED. */
async function undoZone(run: Run, zone: string): Promise<number> {
  const { settings, ports, log } = run;
  const mappings = settings.mappings.filter((mapping) => mapping.zone === zone);
  const task = { ports, settings: { ...settings, mappings } };
  let ttlSeconds = 0;
  let names: string[] = [];
  for (let tries = 0; tries < maxTries; tries += 1) {
    const { before: pinned, written = [] } = swapOf(run);
    const before = await findHomes(run, mappings);
    const current = await readRecords(task);
    const [change] = planUndo({ mappings, before, current, written });
    if (!change) return ttlSeconds;
    names = change.deletions.map(({ name }) => name);
    ttlSeconds = Math.max(ttlSeconds, ...change.deletions.map((record) => record.ttlSeconds));
    // An address that is not as pinned is this run's as well: the name may have to move again.
    const moved = change.additions.filter((record) => !pinned.includes(record));
    const aims = moved.flatMap(({ name, rrdatas: [to = ""] }) => ({ name, to }));
    if (aims.length > 0) await saveSwap(run, { written: withWritten(written, aims) });
    try {
      await submitChange(run, change);
      for (const { name, rrdatas } of change.additions)
        log.warn({ name }, `${name} put back to ${rrdatas.join(", ")}`);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error; // somebody wrote in between: read again, decide again
    }
  }
  const message = `somebody else keeps changing ${names.join(", ")}; not put back yet`;
  const hint = "find out who, then let the builder start again: it goes on here";
  throw new CancelledError("DNS_CONTENDED", message, { hint });
}
