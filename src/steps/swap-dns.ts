/** Points the public names at the new release: all names or none, and back again when it does not hold. */
import { awaitApproval } from "../actions/approval.ts";
import { adoptLost, saveSwap, settlePending, submitChange, swapOf } from "../actions/change-dns.ts";
import { requireReady } from "../actions/probe-site.ts";
import { notReplaced, putBack, storedError, undoSwap } from "../actions/put-back.ts";
import { readRecords } from "../actions/read-live.ts";
import { markRelease } from "../actions/remove-release.ts";
import { restoreTtl } from "../actions/swap-ttl.ts";
import { watchRelease } from "../actions/watch-release.ts";
import { type RecordSet, type ZoneChange, zonesOf } from "../domain/dns-records.ts";
import { drainMs, drainTtlSeconds, planSwap, withWritten, type SwapPlan } from "../domain/dns-plan.ts";
import { annotations } from "../domain/names.ts";
import { hasChangedDns, replacedBy, type SwapState } from "../domain/run.ts";
import {
  CancelledError,
  ConflictError,
  messageOf,
  RefusedError,
  TimeoutError,
  TransientError,
} from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import { isRefusal, retry, retryOf } from "../pipeline/retry.ts";
import type { Run } from "../pipeline/run.ts";
import { done, type Step } from "../pipeline/step.ts";

const maxPlans = 5;

export const swapDns: Step = {
  name: "swap-dns",
  summary: "Point the public names at the new release",
  async run(run) {
    const { undoing, swappedAt } = swapOf(run);
    if (undoing) return putBack(run, storedError(undoing));
    if (swappedAt === undefined) {
      if (!hasChangedDns(run.state)) {
        await awaitApproval(run);
        await run.waitForClaims();
      }
      await swap(run);
    }
    await markReplaced(run);
    // It is live now: a deletion date left by an earlier put-back would let a later run delete it.
    await markRelease(run, run.state.release, { [annotations.retainUntil]: null });
    await watchRelease(run);
    await restoreTtl(run);
    const names = run.settings.mappings.length === 1 ? "the name points" : "all names point";
    return done(`${names} at ${run.state.release}`);
  },
};

/** Plans, changes all zones, verifies by reading, waits for the servers. What was moved before a refusal is put back. */
async function swap(run: Run): Promise<void> {
  for (let plans = 1; plans <= maxPlans; plans += 1) {
    const plan = await planNow(run).catch((error: unknown) => undoHalf(run, error));
    if (plan.kind === "refused") return refuse(run, plan.reasons);
    await adoptLost(run, plan.changes);
    if (plan.changes.length === 0) {
      // Somebody may have moved the names by hand: what they pointed at is still in resolvers.
      if (!hasChangedDns(run.state)) await writeIntent(run, plan);
      await settlePending(run);
      run.log.info({}, "in effect");
      return saveSwap(run, { swappedAt: timestamp(run.clock), refusedZone: undefined });
    }
    await writeIntent(run, plan);
    try {
      await sendAll(run, plan.changes);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error; // somebody wrote in between: read again, decide again
    }
  }
  const hint = "find out who, then let the builder start again: it goes on here";
  throw new CancelledError("DNS_CONTENDED", "somebody else keeps changing the public names", { hint });
}

/** The plan by what is there now: addresses, readiness and records are read right before the swap. */
async function planNow(run: Run): Promise<SwapPlan> {
  const { settings, state } = run;
  // Also of a swap that another builder began: hours may have gone by since. What it had moved is put back then.
  const addresses = await requireReady(run, state.release).catch((error: unknown) => {
    const isVerdict = error instanceof TimeoutError || error instanceof RefusedError;
    if (!isVerdict || !hasChangedDns(run.state)) throw error;
    return putBack(run, error);
  });
  const { before, written = [] } = swapOf(run);
  return planSwap({ ...settings, addresses, before, written, current: await readRecords(run) });
}

/** Sends all Changes, the zone first that has refused before. Once a name has moved, all move or none. */
async function sendAll(run: Run, changes: readonly ZoneChange[]): Promise<void> {
  const { refusedZone } = swapOf(run);
  const rank = ({ zone }: ZoneChange) => (zone === refusedZone ? 0 : 1);
  for (const change of [...changes].sort((one, other) => rank(one) - rank(other))) {
    const { moved = [] } = swapOf(run);
    if (moved.length > 0) await sendOrUndo(run, change);
    else await sendFirst(run, change);
  }
}

/** A refused Change has no effect: as long as no name has moved, the intent is taken back. */
async function sendFirst(run: Run, change: ZoneChange): Promise<void> {
  try {
    await submitChange(run, change, true);
  } catch (error) {
    run.signal.throwIfAborted();
    const { status = 0 } = error instanceof TransientError ? error : {};
    if (isRefusal(status)) await withdraw(run);
    throw error;
  }
}

/** Nothing was changed: takes back the intent, and the marks that it left on both releases. */
async function withdraw(run: Run): Promise<void> {
  await saveSwap(run, { startedAt: undefined });
  await markRelease(run, run.state.release, { [annotations.liveSince]: null });
  for (const name of replacedBy(run.state)) await markRelease(run, name, notReplaced);
}

/** A zone that refuses, or stays away, after others have moved: these are put back, and the next builder begins with it. */
async function sendOrUndo(run: Run, change: ZoneChange): Promise<void> {
  const { log, signal } = run;
  try {
    await retry(() => submitChange(run, change, true), retryOf(run, "mistake"));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConflictError || error instanceof CancelledError) throw error;
    log.warn(
      { err: error },
      `zone ${change.zone} refused its change: ${messageOf(error)}; putting the other names back`,
    );
    await saveSwap(run, { refusedZone: change.zone });
    await undoSwap(run);
    const message = `zone ${change.zone} refused its change; all names are as they were`;
    throw new CancelledError("DNS_REFUSED", message, { details: [messageOf(error)], cause: error });
  }
}

/** Half a swap that can't go on because a zone can't be read: puts back what has moved. Always throws. */
async function undoHalf(run: Run, error: unknown): Promise<never> {
  run.signal.throwIfAborted();
  const { moved = [] } = swapOf(run);
  const isHalf = run.settings.mappings.some(({ zone }) => !moved.includes(zone));
  if (!(error instanceof TransientError) || !hasChangedDns(run.state) || !isHalf) throw error;
  run.log.warn({}, `${error.message}; putting back what has moved already`);
  await undoSwap(run);
  throw error;
}

/** The intent: from the first change on the old records must be known, and the release counts as live. */
async function writeIntent(run: Run, plan: Extract<SwapPlan, { kind: "change" }>): Promise<void> {
  const swap = swapOf(run);
  const isFresh = !hasChangedDns(run.state);
  const startedAt = isFresh ? timestamp(run.clock) : (swap.startedAt ?? timestamp(run.clock));
  const changing = plan.changes.map(({ zone }) => zone);
  const ttl = drainTtlSeconds(pinnedThatMayBeCached(swap, run.clock.now()), plan.changes);
  await saveSwap(run, {
    startedAt,
    undoneAt: undefined,
    oldTtlSeconds: Math.max(swap.oldTtlSeconds ?? 0, ttl),
    written: withWritten(swap.written ?? [], plan.targets),
    moved: zonesOf(run.settings.mappings).filter((zone) => !changing.includes(zone)),
  });
  await markRelease(run, run.state.release, { [annotations.liveSince]: startedAt });
  // From now on resolvers may hold what was live without DNS saying so any more.
  await markReplaced(run);
  const width = Math.max(...plan.moves.map(({ name }) => name.length));
  for (const { name, from, to } of plan.moves)
    run.log.info({ name }, `${name.padEnd(width)}  ${from ?? "(new)"} → ${to}`);
}

/** Once a lowered TTL has been there for as long as the old one, nobody holds a record with the old one any more. */
function pinnedThatMayBeCached({ before, lowered }: SwapState, now: number): RecordSet[] {
  if (!lowered) return before;
  const maxMs = Math.max(0, ...before.map(({ ttlSeconds }) => ttlSeconds)) * 1000;
  if (now - Date.parse(lowered.at) < maxMs) return before;
  return before.map((record) => ({
    ...record,
    ttlSeconds: Math.min(record.ttlSeconds, lowered.ttlSeconds),
  }));
}

async function refuse(run: Run, reasons: readonly string[]): Promise<never> {
  const message = "somebody else changed the records since this run began; nothing was swapped";
  const error = new RefusedError("DNS_CHANGED", message, {
    details: reasons,
    hint: "find out who and why; then start again: the next run takes the records as they are",
  });
  if (!hasChangedDns(run.state)) throw error;
  return putBack(run, error);
}

/** What was live is marked as replaced, with the time until which nothing may delete it. */
async function markReplaced(run: Run): Promise<void> {
  const { settings, state } = run;
  const { swappedAt = timestamp(run.clock), oldTtlSeconds = 0 } = swapOf(run);
  const keptMs = Math.max(drainMs(oldTtlSeconds, settings.dns.drainTtls), settings.retainPreviousMs);
  const until = new Date(Date.parse(swappedAt) + keptMs).toISOString();
  const marks = {
    [annotations.replacedAt]: swappedAt,
    ...(settings.deleteExisting && { [annotations.retainUntil]: until }),
  };
  for (const name of replacedBy(state)) await markRelease(run, name, marks);
}
