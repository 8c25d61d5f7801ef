/** Removes what nothing needs any more. What can't go, or not yet, is named, tried again later, and blocks nothing. */
import { verbCommand } from "../domain/commands.ts";
import { releasesOf, type RunState } from "../domain/run.ts";
import { joined } from "../domain/words.ts";
import { BuilderError, CancelledError, TransientError } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import { isWorthRetrying, pauseMs } from "../pipeline/retry.ts";
import type { Run } from "../pipeline/run.ts";
import type { Step } from "../pipeline/step.ts";
import type { Task } from "../pipeline/task.ts";
import { judgeLeftovers, readForDeletion } from "./read-live.ts";
import { type Removal, removeRelease } from "./remove-release.ts";

type Left = NonNullable<RunState["leftovers"]>[number];

/**
 * Removes a release, and tries a refused effect again for RETRY_TIMEOUT as long as everything can be read. What then
 * still keeps it is logged with what to type, and returned; undefined: it is gone. Throws outages and what stops the builder.
 */
export async function tryToRemove(
  task: Task,
  name: string,
  removal: Removal & { timeoutMs?: number } = {},
): Promise<BuilderError | undefined> {
  const { clock, log, signal, settings } = task;
  const { timeoutMs = settings.retryTimeoutMs } = removal;
  const since = clock.monotonic();
  for (let tries = 1; ; tries += 1) {
    try {
      await removeRelease(task, name, removal);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BuilderError) || error instanceof CancelledError) throw error;
      if (error instanceof TransientError) {
        if (!isWorthRetrying(error)) throw error;
        if (clock.monotonic() - since < timeoutMs) {
          await clock.sleep(pauseMs(tries, error), signal);
          continue;
        }
      }
      const again = `again:  ${verbCommand("cleanup", settings.builderNamespace)}`;
      const lines = [`${name} stays for now: ${error.message}`, ...error.details.map((line) => `  ${line}`)];
      log.warn({ code: error.code, leftover: name }, joined([...lines, error.hint ?? "", again]));
      return error;
    }
  }
}

/** Removes every leftover, one after the other; `inUse` are the releases of a run under way. */
export async function removeLeftovers(
  task: Task,
  inUse: readonly string[],
): Promise<{ removed: string[]; left: Left[] }> {
  const removed: string[] = [];
  const left: Left[] = [];
  for (const { name, stays, isForNow, until } of judgeLeftovers(await readForDeletion(task), inUse)) {
    if (isForNow) {
      task.log.info({ leftover: name }, `${name} stays for now: ${stays ?? ""}`);
      left.push({ name, until });
    }
    if (stays !== undefined) continue;
    task.log.info({ leftover: name }, `removing ${name}, left by an earlier run`);
    if (await tryToRemove(task, name, { isLeftover: true })) left.push({ name });
    else removed.push(name);
  }
  return { removed, left };
}

/** Removes what earlier runs left before a run installs: a third stack would not fit. What stays is remembered. */
export async function makeRoom(run: Run): Promise<void> {
  const { left } = await removeLeftovers(run, releasesOf(run.state));
  if (left.length > 0 || run.state.leftovers) await run.save({ leftovers: left });
}

/**
 * Tries again what could not go when the run installed: all of it, or only what its time has kept until now. Nothing that
 * goes wrong holds the run up, and no deletion is waited for.
 */
export async function retryLeftovers(run: Run, { onlyDue = false } = {}): Promise<void> {
  const { leftovers = [] } = run.state;
  const now = timestamp(run.clock);
  const isDue = ({ until }: Left) => (until === undefined ? !onlyDue : until <= now);
  const due = leftovers.filter(isDue);
  if (due.length === 0) return;
  const left: Left[] = leftovers.filter((leftover) => !isDue(leftover));
  try {
    const { candidates, ...seen } = await readForDeletion(run);
    const there = candidates.filter(({ name }) => due.some((leftover) => leftover.name === name));
    for (const judged of judgeLeftovers({ ...seen, candidates: there }, releasesOf(run.state))) {
      const { name, stays, isForNow, until } = judged;
      const isGoing = there.some((candidate) => candidate.name === name && candidate.terminating);
      if (isForNow || (isGoing && stays === undefined)) left.push({ name, until });
      else if (stays !== undefined) continue;
      else if (await tryToRemove(run, name, { isLeftover: true, waits: false, timeoutMs: 0 }))
        left.push({ name });
      else run.log.info({ leftover: name }, `deleting ${name}, left by an earlier run`);
    }
  } catch (error) {
    run.signal.throwIfAborted();
    if (!(error instanceof BuilderError) || error instanceof CancelledError) throw error;
    run.log.warn({ code: error.code }, `the leftovers of earlier runs stay for now: ${error.message}`);
    left.push(...due.map(({ name }) => ({ name })));
  }
  await run.save({ leftovers: left });
}

/** The step, after which what could not go before is tried again: it may have freed something, and time has passed. */
export function thenLeftovers(step: Step): Step {
  return {
    ...step,
    async run(run) {
      const result = await step.run(run);
      if (result.kind === "done") await retryLeftovers(run);
      return result;
    },
  };
}
