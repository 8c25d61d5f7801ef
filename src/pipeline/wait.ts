/** Waits with a deadline: each says what it waits for and what it saw last. */
import { duration } from "../domain/words.ts";
import { TimeoutError } from "../errors.ts";
import type { Task } from "./task.ts";

export interface Wait<T> {
  /** Error code of the deadline. */
  code: string;
  /** What the deadline makes an error, as a clause: `prod-k3m7q is not ready`. */
  what: string;
  timeoutMs: number;
  /** Looks once: the result, or in words what is still missing. */
  look: () => Promise<{ done: T } | { seen: string }>;
  /** The longest pause between looks, 5 s where nothing is said. */
  maxPauseMs?: number;
  /** What to type when the deadline has passed. */
  hint?: string;
  /** More about what is still missing, one line each; asked for once, when the deadline has passed. */
  explain?: () => Promise<readonly string[]>;
}

/** The pause before the next look, a tenth of the time waited: short waits look often, long ones don't. */
function lookPauseMs(waitedMs: number, maxPauseMs = 5_000): number {
  return Math.min(maxPauseMs, Math.max(250, waitedMs / 10));
}

/** Looks until done. Throws TimeoutError after the deadline, the signal's reason when it is aborted. */
export async function waitFor<T>(
  wait: Wait<T>,
  { clock, log, signal }: Pick<Task, "clock" | "log" | "signal">,
): Promise<T> {
  const began = clock.monotonic();
  let reported: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const result = await wait.look();
    if ("done" in result) return result.done;
    if (result.seen !== reported) log.info({}, result.seen);
    reported = result.seen;
    const waitedMs = clock.monotonic() - began;
    const leftMs = wait.timeoutMs - waitedMs;
    if (leftMs <= 0) {
      const { code, what, hint, explain } = wait;
      const message = `${what} after ${duration(waitedMs)}; last seen: ${reported}`;
      throw new TimeoutError(code, message, { hint, details: await explain?.() });
    }
    await clock.sleep(Math.min(lookPauseMs(waitedMs, wait.maxPauseMs), leftMs), signal);
  }
}
