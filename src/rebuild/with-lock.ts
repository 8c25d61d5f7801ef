/** Carries out an operator's verb as the one builder that may act. */
import { messageOf } from "../errors.ts";
import { Lock } from "../pipeline/lock.ts";
import { patiently } from "../pipeline/patience.ts";
import type { Ports } from "../ports/index.ts";
import { fencedPorts } from "./guards.ts";
import { requestKinds, type World } from "./world.ts";

/** A lock of this world, not taken yet. */
export function newLock({ leases, clock, identity, settings, log }: World, step?: string): Lock {
  const { leaseDurationMs: durationMs, retryTimeoutMs: budgetMs } = settings;
  return new Lock({ store: leases, clock, log: log(step), identity, durationMs, budgetMs });
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
    await lock.release(answered).catch((error: unknown) => {
      world.log().warn({}, `the lease could not be freed (${messageOf(error)}); it expires by itself`);
    });
  }
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
