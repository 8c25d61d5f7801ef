/** Takes the Lease for a verb, asks whoever holds it to stop, or works beside. */
import { verbCommand } from "../domain/commands.ts";
import { currentStep, isOver } from "../domain/run.ts";
import { CancelledError, RefusedError, TimeoutError } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Fence } from "../pipeline/guard.ts";
import { type Acquired, Lock } from "../pipeline/lock.ts";
import {
  leaveRequest,
  requestKinds,
  type OperatorRequest,
  type RequestKind,
  underClaim,
} from "../pipeline/requests.ts";
import { readState } from "../pipeline/state.ts";
import { ask, type World } from "../pipeline/world.ts";

const deletionsOfAVerb = 3;
const lookEveryMs = 1_000;
/** How long a living builder may take to stop: a renewal of its lease, and the 10 s it has to end. */
const stopGraceMs = 60_000;

/** A lock of this world, not taken yet; `purpose` is the verb, when it is not a run. */
export function newLock({ leases, clock, identity, settings, log }: World, purpose?: string): Lock {
  const { leaseDurationMs: durationMs, retryTimeoutMs: timeoutMs } = settings;
  return new Lock({ store: leases, clock, log: log(purpose), identity, durationMs, timeoutMs, purpose });
}

/**
 * Takes the lock, or finds another builder with a run. A verb that holds the lock is waited for: it has an end, and
 * nobody else would do what this builder came for. Throws CancelledError VERB_GOES_ON when the verb does not end.
 */
export async function acquireAfterVerbs(world: World, lock: Lock, signal: AbortSignal): Promise<Acquired> {
  const { clock, settings } = world;
  const endsAt = clock.monotonic() + deletionsOfAVerb * settings.deleteTimeoutMs;
  for (;;) {
    const acquired = await ask(world, () => lock.acquire(signal), signal);
    if (acquired.kind === "held" || acquired.purpose === undefined) return acquired;
    const { holder, purpose } = acquired;
    if (clock.monotonic() >= endsAt) throw stillBusy(world, holder, purpose);
    world.log().info({ holder }, `waiting for ${holder} to finish ${purpose}`);
    await whileHeld(world, holder, endsAt, signal);
  }
}

/** Waits, until a time at most, as long as a holder has neither freed nor lost the Lease and seems to live. */
async function whileHeld(world: World, holder: string, endsAt: number, signal: AbortSignal): Promise<void> {
  const { leases, clock } = world;
  while (clock.monotonic() < endsAt) {
    const lease = await ask(world, () => leases.read(), signal);
    if (lease?.holder !== holder || (lease.renewedAt ?? 0) + lease.durationMs < clock.now()) return;
    if ((await leases.holderLives(lease)) === false) return;
    await clock.sleep(lookEveryMs, signal);
  }
}

function stillBusy({ builderNamespace }: World, holder: string, purpose: string): CancelledError {
  const message = `${holder} is still at work on ${purpose}; nothing was done`;
  const hint = `look:  kubectl logs ${holder} -n ${builderNamespace}; this Job tries again by itself`;
  return new CancelledError("VERB_GOES_ON", message, { hint });
}

/** A request as an operator leaves it. */
export function requestOf({ identity, clock, redact }: World, runId: string, by = identity): OperatorRequest {
  return { runId, by: redact(by), at: timestamp(clock) };
}

/** Leaves a request on the Lease, through an outage. */
export async function send(world: World, kind: RequestKind, request: OperatorRequest, signal: AbortSignal) {
  await ask(world, () => leaveRequest(world, kind, request), signal);
}

/** The lock, held; a living builder was asked to stop by the request. Throws TimeoutError when it lives on and does not. */
export async function takeOver(world: World, kind: RequestKind, runId: string, signal: AbortSignal) {
  const { clock, settings } = world;
  const lock = newLock(world, kind);
  let endsAt: number | undefined;
  for (;;) {
    const acquired = await acquireAfterVerbs(world, lock, signal);
    if (acquired.kind === "held") return lock;
    const { holder } = acquired;
    if (endsAt !== undefined && clock.monotonic() >= endsAt) throw unheard(world, holder);
    world.log(kind).info({ holder }, `asking ${holder} to stop`);
    await send(world, kind, requestOf(world, runId), signal);
    endsAt ??= clock.monotonic() + settings.leaseDurationMs + stopGraceMs;
    await whileHeld(world, holder, endsAt, signal);
  }
}

function unheard({ builderNamespace }: World, holder: string): TimeoutError {
  const hint = `end it by force:  kubectl delete pod ${holder} -n ${builderNamespace}, then try again`;
  return new TimeoutError("BUILDER_UNHEARD", `${holder} did not stop; the request stands`, { hint });
}

/** Keeps the lock while `work` goes on, and frees it whatever happens; what operators asked for goes with it, unless `keepsRequests`. */
export async function keepingLock<T>(
  lock: Lock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  { keepsRequests = false }: { keepsRequests?: boolean } = {},
): Promise<T> {
  lock.keepRenewing();
  try {
    return await work(AbortSignal.any([signal, lock.lost]));
  } finally {
    await lock.release(keepsRequests ? [] : requestKinds);
  }
}

/** Where a verb's work is done: under the Lease, or under a claim beside the builder that holds it. */
export interface Beside {
  fence: Fence;
  signal: AbortSignal;
  /** The builder at work; undefined: the Lease is this verb's. */
  holder?: string;
}

/**
 * Does work that a builder need not stop for: under the Lease where it is free, else under a claim. Throws RefusedError while a
 * run swaps or deletes, also one that waits for its next builder.
 */
export async function besideBuilder<T>(
  world: World,
  verb: string,
  signal: AbortSignal,
  work: (beside: Beside) => Promise<T>,
): Promise<T> {
  const lock = newLock(world, verb);
  const acquired = await acquireAfterVerbs(world, lock, signal);
  const unlessInSwap = async (beside: Beside) => {
    await refuseInSwap(world, beside.signal);
    return work(beside);
  };
  if (acquired.kind !== "held")
    return underClaim(world, verb, (fence) => unlessInSwap({ fence, signal, holder: acquired.holder }));
  const alone = (held: AbortSignal) => unlessInSwap({ fence: lock, signal: held });
  return keepingLock(lock, signal, alone, { keepsRequests: true });
}

/** Looked at once the claim is there: a builder that begins a swap after that sees the claim, and waits. */
async function refuseInSwap(world: World, signal: AbortSignal): Promise<void> {
  const { run } = await readState(world, signal);
  if (!run || isOver(run.phase)) return;
  const { name, status } = currentStep(run) ?? {};
  const isBusy = (name === "swap-dns" || name === "delete-old-release") && status === "running";
  if (!isBusy || run.phase === "waiting-approval") return;
  throw new RefusedError("RUN_IN_SWAP", `nothing was done: run ${run.runId} is at ${name}`, {
    hint: `wait until it is over, then try again; see:  ${verbCommand("status", world.builderNamespace)}`,
  });
}
