/** What stands between the steps and the adapters: reads wait for an outage to end, effects pass the fence. */
import type { Lock } from "../pipeline/lock.ts";
import { guardPorts, type Guard } from "../pipeline/guard.ts";
import { patiently } from "../pipeline/patience.ts";
import { RefusedError } from "../errors.ts";
import { natures, type Ports } from "../ports/index.ts";
import { readApproval, type World } from "./world.ts";

/** Ports for a builder that holds the lock. Every effect makes sure of the Lease first. */
export function fencedPorts(world: World, lock: Lock, signal: AbortSignal): Ports {
  const fence: Guard = {
    read: (_, call) => patient(world, call, signal),
    async effect(name, call) {
      await lock.ensureHeld(signal);
      // Helm is told of the signal and ends by itself; what else is under way is not waited for.
      return name.startsWith("releases.") ? call() : unlessAborted(call(), signal);
    },
  };
  return guardPorts(
    withOperators(world, async (runId) => readApproval(lock, runId)),
    natures,
    fence,
  );
}

/** Ports for verbs that write nothing: an effect is refused here, below the steps. */
export function readOnlyPorts(world: World, signal: AbortSignal): Ports {
  const guard: Guard = {
    read: (_, call) => patient(world, call, signal),
    effect: async (name) => {
      throw new RefusedError(
        "READ_ONLY",
        `${name} would have changed something, and this verb writes nothing`,
      );
    },
  };
  return guardPorts(
    withOperators(world, async () => undefined),
    natures,
    guard,
  );
}

/** Ports for what goes on beside the builder that holds the lock; the interlocks of a removal are the only gate. */
export function unfencedPorts(world: World, signal: AbortSignal): Ports {
  const guard: Guard = {
    read: (_, call) => patient(world, call, signal),
    effect: (_, call) => call(),
  };
  return guardPorts(
    withOperators(world, async () => undefined),
    natures,
    guard,
  );
}

function patient(world: World, call: () => Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  const { clock, settings } = world;
  return patiently(
    () => unlessAborted(call(), signal),
    { clock, log: world.log(), budgetMs: settings.retryTimeoutMs },
    signal,
  );
}

function withOperators({ ports }: World, findApproval: Ports["operators"]["findApproval"]): Ports {
  return { ...ports, operators: { findApproval } };
}

/** The answer, or the signal's reason as soon as it is aborted: a builder that must stop has 10 s, a call may take 120. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let leave = () => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason as Error);
    signal.addEventListener("abort", leave, { once: true });
  });
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
