/** Carries out an operator's verb as the one builder that may act. */
import { CancelledError, messageOf } from "../errors.ts";
import { type Acquired, Lock } from "../pipeline/lock.ts";
import type { Log } from "../pipeline/log.ts";
import { patiently } from "../pipeline/patience.ts";
import type { Ports } from "../ports/index.ts";
import { fencedPorts } from "./guards.ts";
import { requestKinds, type World } from "./world.ts";

/** A lock of this world, not taken yet; `verb` is what will be done under it, when that is not a run. */
export function newLock({ leases, clock, identity, settings, log }: World, verb?: string): Lock {
  const { leaseDurationMs: durationMs, retryTimeoutMs: budgetMs } = settings;
  return new Lock({ store: leases, clock, log: log(verb), identity, durationMs, budgetMs, purpose: verb });
}

/** How many deletions one verb may take to end. */
const deletionsOfAVerb = 3;
const lookEveryMs = 1_000;

/**
 * Takes the lock, or finds another builder with a run. A verb that holds the lock is waited for: it has an end, and
 * nobody else would do what this builder came for. Throws CancelledError when the verb does not end.
 */
export async function acquireAfterVerbs(
  world: World,
  lock: Lock,
  log: Log,
  signal: AbortSignal,
): Promise<Acquired> {
  const { leases, clock, settings } = world;
  const patience = { clock, log, budgetMs: settings.retryTimeoutMs };
  const ask = <T>(question: () => Promise<T>) => patiently(question, patience, signal);
  const deadline = clock.now() + deletionsOfAVerb * settings.deleteTimeoutMs;
  for (;;) {
    const acquired = await ask(() => lock.acquire(signal));
    if (acquired.kind === "held" || acquired.purpose === undefined) return acquired;
    const { holder, purpose } = acquired;
    log.info({ holder }, `waiting until ${purpose} has ended, which ${holder} is at work on`);
    for (;;) {
      const lease = await ask(() => leases.read());
      const isOverdue = (lease?.renewedAt ?? 0) + (lease?.durationMs ?? 0) < clock.now();
      if (lease?.holder !== holder || isOverdue) break;
      if (clock.now() >= deadline) throw stillBusy(world, holder, purpose);
      await clock.sleep(lookEveryMs, signal);
    }
  }
}

function stillBusy({ builderNamespace }: World, holder: string, purpose: string): CancelledError {
  return new CancelledError("VERB_GOES_ON", `${holder} is still at work on ${purpose}; nothing was done`, {
    hint: `look:  kubectl logs ${holder} -n ${builderNamespace}; this Job tries again by itself`,
  });
}

/**
 * Keeps a lock that was acquired while `work` goes on, with fenced ports, and frees it whatever happens. The requests
 * that operators have left are done with then, or those that `answered` names.
 */
export async function keepingLock<T>(
  world: World,
  lock: Lock,
  signal: AbortSignal,
  work: (ports: Ports, signal: AbortSignal) => Promise<T>,
  answered: readonly string[] = Object.values(requestKinds),
): Promise<T> {
  lock.keepRenewing();
  const held = AbortSignal.any([signal, lock.lost]);
  try {
    return await work(fencedPorts(world, lock, held), held);
  } finally {
    await freeLock(world, lock, answered);
  }
}

/** Frees the lock; the requests of operators that `answered` names are done with. Never throws. */
export async function freeLock(world: World, lock: Lock, answered: readonly string[]): Promise<void> {
  await lock.release(answered).catch((error: unknown) => {
    world.log().warn({}, `the lease could not be freed (${messageOf(error)}); it expires by itself`);
  });
}

/** Takes the lock now, or says who holds it. */
export async function tryLock(
  world: World,
  step: string,
  signal: AbortSignal,
): Promise<Lock | { holder: string }> {
  const { clock, settings } = world;
  const lock = newLock(world, step);
  const patience = { clock, log: world.log(step), budgetMs: settings.retryTimeoutMs };
  const acquired = await patiently(() => lock.acquire(signal), patience, signal);
  return acquired.kind === "held" ? lock : { holder: acquired.holder };
}
