/**
 * After the swap: waits until resolvers have forgotten the old addresses, and watches the new site meanwhile. The public
 * names follow its load balancers, and are put back when it does not hold.
 */
import { drainMs, planFollow, withWritten, type SwapPlan } from "../domain/dns-plan.ts";
import { addressesOf } from "../domain/live.ts";
import { isAllReady } from "../domain/readiness.ts";
import { replacedBy } from "../domain/run.ts";
import { duration } from "../domain/words.ts";
import { CancelledError, PermanentError } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import { retry, retryOf } from "../pipeline/retry.ts";
import type { Run } from "../pipeline/run.ts";
import { saveSwap, settlePending, submitChange, swapOf } from "./change-dns.ts";
import { probeRelease, readinessOf } from "./probe-site.ts";
import { putBack } from "./put-back.ts";
import { readLive } from "./read-live.ts";

const maxProbeIntervalMs = 30_000;
const failuresThatCount = 3;
const maxFollows = 3;

/**
 * Waits for drain and watch, side by side, counted from the swap, so that a restart does not begin them anew.
 * Throws PermanentError ROLLED_BACK with the old records put back, CancelledError when it can't be told who is at fault.
 */
export async function watchRelease(run: Run): Promise<void> {
  const { clock, settings, log } = run;
  const { swappedAt = timestamp(clock), oldTtlSeconds = 0 } = swapOf(run);
  const sinceSwapMs = Math.max(0, clock.now() - Date.parse(swappedAt));
  // From here on by the monotonic clock: resolvers don't know when somebody sets ours.
  const swapped = clock.monotonic() - sinceSwapMs;
  const watchEnd = swapped + settings.postSwapWatchMs;
  const end = Math.max(watchEnd, swapped + drainMs(oldTtlSeconds, settings.dns.drainTtls));
  const leftMs = () => end - clock.monotonic();
  if (leftMs() > 0)
    log.info(
      {},
      `waiting ${duration(leftMs())} for resolvers to forget the old addresses, watching the new site`,
    );
  const intervalMs = Math.min(maxProbeIntervalMs, Math.max(1_000, settings.postSwapWatchMs / 10));
  const probe = probing(run);
  const follow = following(run);
  // Whoever was away for the whole watch looks at least once: nothing old is deleted behind a site that is down.
  let isWell = settings.postSwapWatchMs === 0;
  for (;;) {
    const isWatching = clock.monotonic() < watchEnd || !isWell;
    if (isWatching) isWell = await probe();
    const isSettled = await follow();
    if (leftMs() <= 0 && isWell && isSettled) return;
    const isBusy = isWatching || !isSettled;
    await clock.sleep(
      Math.max(0, isBusy && !(isWell && isSettled) ? intervalMs : Math.min(leftMs(), intervalMs)),
      run.signal,
    );
  }
}

/** Probes the names; returns whether they answer well. After three failures in a row the records are put back. */
function probing(run: Run): () => Promise<boolean> {
  const { log, settings, clock, state } = run;
  let failures = 0;
  let failingSince = 0;
  return async () => {
    const seen = await probeRelease(run, state.release);
    if (seen === undefined) {
      failures = 0;
      return true;
    }
    failures += 1;
    if (failures === 1) failingSince = clock.monotonic();
    log.warn({}, `the new site failed a probe: ${seen} (${failures} of ${failuresThatCount})`);
    if (failures < failuresThatCount) return false;
    const reason = await whyNotBack(run);
    if (reason === undefined) return putBack(run, rolledBack(run));
    log.warn({}, `not putting the names back: ${reason}`);
    if (clock.monotonic() - failingSince < settings.retryTimeoutMs) return false;
    const message = `${state.release} does not answer, and ${reason}; the names stay, and nothing is deleted`;
    const hint = `look:  kubectl get pods -n ${state.release}; the next builder asks again`;
    throw new CancelledError("NOBODY_ANSWERS", message, { hint });
  };
}

/** Why not to go back to the old records; undefined: the old release passes the same probe now. */
async function whyNotBack(run: Run): Promise<string | undefined> {
  const before = replacedBy(run.state);
  if (before.length === 0) return "there is no previous release to go back to";
  for (const release of before) {
    const seen = await probeRelease(run, release);
    if (seen !== undefined) return `${release} does not answer either (${seen}; is our own network down?)`;
  }
  return undefined;
}

function rolledBack({ state: { release, previous = [] } }: Run): PermanentError {
  const back = previous.join(", ") || "what they were";
  const message = `${release} failed after the swap; the public names point at ${back} again`;
  return new PermanentError("ROLLED_BACK", message, { hint: `look:  kubectl get pods -n ${release}` });
}

type Addresses = Readonly<Record<string, string>>;

/** Makes the names follow addresses that changed after the swap; returns whether every name points at its service's address. */
function following(run: Run): () => Promise<boolean> {
  const { log, state, settings, clock } = run;
  let addresses: Addresses = {};
  let awaySince: number | undefined;
  const readReadiness = readinessOf(run, state.release);
  return async () => {
    const view = await readReadiness();
    const live = await readLive(run);
    const { written = [] } = swapOf(run);
    const seenBefore = Object.values(addresses);
    addresses = view.addresses;
    const plan = planFollow({ ...settings, addresses, current: live.records, written });
    if (plan.kind === "change" && plan.changes.length === 0) {
      awaySince = undefined;
      return true;
    }
    const others = live.candidates.filter(({ name }) => name !== state.release);
    const taken = others.flatMap(({ services }) => services.flatMap(addressesOf));
    const reason =
      plan.kind === "refused"
        ? plan.reasons.join("; ")
        : (whyNotFollow(plan, { isReady: isAllReady(view), taken, seenBefore }) ??
          (await probeRelease(run, state.release)));
    if (reason === undefined && plan.kind === "change") {
      await follow(run, plan);
      return false; // the next look tells whether the addresses are stable
    }
    awaySince ??= clock.monotonic();
    log.warn({}, `the public names don't point at the addresses of ${state.release}: ${reason ?? ""}`);
    if (clock.monotonic() - awaySince < settings.podsTimeoutMs) return false;
    throw drifted(`the names still don't point at the addresses of ${state.release}: ${reason ?? ""}`);
  };
}

type Change = Extract<SwapPlan, { kind: "change" }>;

interface Look {
  isReady: boolean;
  /** Addresses that Services of other releases have. */
  taken: readonly string[];
  /** The addresses of the look before. */
  seenBefore: readonly string[];
}

function whyNotFollow(plan: Change, { isReady, taken, seenBefore }: Look): string | undefined {
  const foreign = plan.moves.find(({ to }) => taken.includes(to));
  if (foreign) return `${foreign.to} belongs to another release`;
  if (!isReady) return "it is not ready";
  const isProven = plan.moves.every(({ to }) => seenBefore.includes(to));
  return isProven ? undefined : "its load balancers have new addresses; checking once more";
}

/** Moves the names, each zone on its own. Throws CancelledError DNS_DRIFT when they have followed too often. */
async function follow(run: Run, plan: Change): Promise<void> {
  const { follows = 0, written = [] } = swapOf(run);
  if (follows >= maxFollows)
    throw drifted(`the addresses of ${run.state.release} have changed ${follows} times`);
  await saveSwap(run, { follows: follows + 1, written: withWritten(written, plan.moves) });
  for (const { name, from, to } of plan.moves)
    run.log.warn({ name }, `${name} follows: ${from ?? "(new)"} → ${to}`);
  const sent = plan.changes.map((change) => retry(() => submitChange(run, change), retryOf(run)));
  const failed = (await Promise.allSettled(sent)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  await settlePending(run);
}

function drifted(message: string): CancelledError {
  const hint = "nothing is deleted meanwhile; check the load balancers, the next builder looks again";
  return new CancelledError("DNS_DRIFT", message, { hint });
}
