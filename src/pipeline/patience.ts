/** Waiting for a dependency that is away: asks again with growing pauses until a budget is used up. */
import { ConflictError, TransientError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

const firstPauseMs = 250;
const longestPauseMs = 15_000;

export interface Patience {
  clock: Clock;
  log: Log;
  /** How long one dependency may be away (RETRY_TIMEOUT). */
  budgetMs: number;
}

/** The pause before try number `attempt` (from 1), or what the dependency asked for. */
export function pauseMs(attempt: number, error: unknown): number {
  const asked = error instanceof TransientError ? error.retryAfterMs : undefined;
  return asked ?? Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
}

/** Outages that somebody has waited for already, for the whole budget: waiting once more would double it. */
const waitedFor = new WeakSet<Error>();

/** Whether asking again may help. */
export function isTransient(error: unknown): boolean {
  return (error instanceof TransientError && !waitedFor.has(error)) || error instanceof ConflictError;
}

/**
 * Asks until there is an answer. Throws the last TransientError when the dependency was away for longer than the
 * budget, anything else at once, and the signal's reason when it is aborted.
 */
export async function patiently<T>(
  ask: () => Promise<T>,
  { clock, log, budgetMs }: Patience,
  signal: AbortSignal,
): Promise<T> {
  const since = clock.now();
  let away = "";
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      const answer = await ask();
      if (attempt > 2) log.info({ attempt }, `${away} can be asked again; going on`);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      away = error.dependency;
      const left = since + budgetMs - clock.now();
      if (left <= 0) {
        waitedFor.add(error);
        throw error;
      }
      if (attempt === 2) {
        const minutes = Math.max(1, Math.round(left / 60_000));
        log.warn({ code: error.code }, `${error.message}; trying again for at most ${minutes}m`);
      }
      await clock.sleep(Math.min(left, pauseMs(attempt, error)), signal);
    }
  }
}
