/** Waits with a deadline: each says what it waits for and what it saw last. */
import { TimeoutError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

export interface WaitOptions<T> {
  /** Error code of the deadline. */
  code: string;
  /** What is waited for, as the subject of a sentence. */
  what: string;
  intervalMs: number;
  /** When the wait ends, in milliseconds since the epoch. */
  deadline: number;
  /** Looks once: the result, or in words what is still missing. */
  look: () => Promise<{ done: T } | { seen: string }>;
  /** What to type when the deadline has passed. */
  hint?: string;
  /** More about what is still missing, one line each; asked for once, when the deadline has passed. */
  explain?: () => Promise<readonly string[]>;
}

/** Looks until done. Throws TimeoutError after the deadline, the signal's reason when it is aborted. */
export async function waitFor<T>(
  { code, what, intervalMs, deadline, look, hint, explain }: WaitOptions<T>,
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<T> {
  const began = clock.now();
  let said: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const result = await look();
    if ("done" in result) return result.done;
    if (result.seen !== said) log.info({}, result.seen);
    said = result.seen;
    const left = deadline - clock.now();
    if (left <= 0) {
      const seconds = Math.round((clock.now() - began) / 1000);
      const waited = seconds < 120 ? `${seconds}s` : `${Math.round(seconds / 60)}m`;
      throw new TimeoutError(
        code,
        `${what}: not within the time allowed (waited ${waited}); last seen: ${said}`,
        { hint, details: await explain?.() },
      );
    }
    await clock.sleep(Math.min(intervalMs, left), signal);
  }
}
