/**
 * After the swap: waits until resolvers have forgotten the old addresses, and watches the new site meanwhile. The public
 * names follow its load balancers, and are put back when it does not hold.
 */
import { drainMs, planFollow, withWritten, type SwapPlan } from "../domain/dns-plan.ts";
import { isAllReady } from "../domain/readiness.ts";
import { replacedBy } from "../domain/run.ts";
import { duration } from "../domain/words.ts";
import { CancelledError, PermanentError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import { saveSwap, sendChange, swapOf } from "./change-dns.ts";
import { probeRelease, readReadiness } from "./probe-site.ts";
import { putBack } from "./put-back.ts";
import { readLive } from "./read-live.ts";

const maxProbeIntervalMs = 30_000;
/** Failures in a row that put the old records back. */
const failuresThatCount = 3;
const maxFollows = 3;

/**
 * Waits for drain and watch, side by side, counted from the swap, so that a restart does not begin them anew.
 * Throws PermanentError ROLLED_BACK with the old records put back, CancelledError when it can't be told who is at fault.
 */
export async function watchRelease(run: Run): Promise<void> {
  const { clock, settings, log } = run;
  const { swappedAt = "", oldTtlSeconds = 0 } = swapOf(run);
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

/** Probes the names; whether they answer well. After three failures in a row the records are put back. */
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
    log.warn({}, `the new site does not answer well: ${seen} (${failures} of ${failuresThatCount})`);
    if (failures < failuresThatCount) return false;
    const [before] = replacedBy(state);
    const oldSeen = before === undefined ? undefined : await probeRelease(run, before);
    if (oldSeen === undefined) return putBack(run, rolledBack(run));
    log.warn(
      {},
      `${before ?? ""} does not answer either (${oldSeen}): is our own network away? nothing is put back`,
    );
    if (clock.monotonic() - failingSince < settings.retryTimeoutMs) return false;
    const message = `neither ${state.release} nor ${before ?? ""} answers; the names stay, and nothing is deleted`;
    throw new CancelledError("NOBODY_ANSWERS", message, {
      hint: `look:  kubectl get pods -n ${state.release}; the next builder asks again`,
    });
  };
}

function rolledBack({ state: { release, previous = [] } }: Run): PermanentError {
  const back = previous.join(", ") || "what they were";
  const message = `${release} failed after the swap; the public names point at ${back} again`;
  return new PermanentError("ROLLED_BACK", message, { hint: `look:  kubectl get pods -n ${release}` });
}

/** Lets the names follow addresses that have moved since the swap; whether every name points at what its service has. */
function following(run: Run): () => Promise<boolean> {
  const { log, state, settings, clock } = run;
  let seenBefore = "";
  let awaySince: number | undefined;
  return async () => {
    const view = await readReadiness(run, state.release);
    const live = await readLive(run);
    const { written = [] } = swapOf(run);
    const plan = planFollow({ ...settings, addresses: view.addresses, current: live.records, written });
    // Whoever edits the records by hand knows why: they are left alone, and the deletion finds out.
    if (plan.kind === "refused" || plan.changes.length === 0) return true;
    const others = live.candidates.filter(({ name }) => name !== state.release);
    const reason = whyNotFollow(plan, {
      isReady: isAllReady(view),
      taken: others.flatMap(({ services }) => services.flatMap(({ address }) => address ?? [])),
      isSecondLook: seenBefore === JSON.stringify(view.addresses),
    });
    seenBefore = JSON.stringify(view.addresses);
    if (reason === undefined) {
      await follow(run, plan);
      awaySince = undefined;
      return true;
    }
    awaySince ??= clock.monotonic();
    log.warn({}, `the public names don't point at the addresses of ${state.release}: ${reason}`);
    if (clock.monotonic() - awaySince < settings.podsTimeoutMs) return false;
    throw drifted(`the names still don't point at the addresses of ${state.release}: ${reason}`);
  };
}

type Change = Extract<SwapPlan, { kind: "change" }>;

interface Look {
  isReady: boolean;
  /** Addresses that Services of other releases have. */
  taken: readonly string[];
  isSecondLook: boolean;
}

function whyNotFollow(plan: Change, { isReady, taken, isSecondLook }: Look): string | undefined {
  const foreign = plan.moves.find(({ to }) => taken.includes(to));
  if (foreign) return `${foreign.to} is another release's`;
  if (!isReady) return "its pods are not ready";
  return isSecondLook ? undefined : "its load balancers have other addresses now; looking once more";
}

async function follow(run: Run, plan: Change): Promise<void> {
  const { follows = 0, written = [] } = swapOf(run);
  const seen = await probeRelease(run, run.state.release);
  if (seen !== undefined) return;
  if (follows >= maxFollows)
    throw drifted(`the addresses of ${run.state.release} have moved ${follows} times`);
  await saveSwap(run, { follows: follows + 1, written: withWritten(written, plan.moves) });
  for (const { name, from, to } of plan.moves)
    run.log.warn({ name }, `${name} follows: ${from ?? "(new)"} → ${to}`);
  for (const change of plan.changes) await sendChange(run, change);
}

function drifted(message: string): CancelledError {
  return new CancelledError("DNS_DRIFT", message, {
    hint: "nothing is deleted meanwhile; look at the load balancers, the next builder looks again",
  });
}
