import { CancelledError, messageOf } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";

/**
 * What `work` finds out, or `otherwise` when it fails or takes longer than `ms`: for what is only shown to people and must
 * hold nothing up. The work is given a run whose signal ends it.
 */
export async function within<T>(
  run: Run,
  ms: number,
  work: (run: Run) => Promise<T>,
  otherwise: (why: string) => T,
): Promise<T> {
  const ended = new AbortController();
  const own = run.at(run.stepName, { signal: ended.signal, refusals: "mistake" });
  const late = run.clock.sleep(ms, ended.signal).then(
    () => otherwise("no answer in time"),
    () => otherwise("stopped"),
  );
  const found = work(own).catch((error: unknown) => otherwise(messageOf(error)));
  try {
    return await Promise.race([found, late]);
  } finally {
    ended.abort(new CancelledError("STOPPED", "its time is over"));
  }
}
