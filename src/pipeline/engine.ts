/**
 * The engine: carries a run through its steps in order, each checkpointed before and after. It merges, times,
 * retries and logs; it knows nothing of what the steps do.
 */
import { AbortedError, BuilderError, exitCodeOf, exitCodes, messageOf, PermanentError } from "../errors.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { isTransient, pauseMs } from "./patience.ts";
import { stepContext } from "./step-context.ts";
import type { Step, StepResult } from "./step.ts";

/** `again`: back to an earlier step; `interrupted`: another builder goes on with it. */
export type StepEnd = "done" | "skipped" | "failed" | "again" | "interrupted";

/** What others may want to know while a run goes on (events, metrics); none of it may fail. */
export interface Observer {
  started?(step: string): void;
  finished?(step: string, status: StepEnd, ms: number, output: string): void;
}

export interface EngineOptions<P, S extends object> {
  steps: readonly Step<P, S>[];
  ports: P;
  checkpoint: Checkpoint<S>;
  clock: Clock;
  log: (step: string) => Log;
  signal: AbortSignal;
  /** How long a step may go on failing for reasons that may pass (RETRY_TIMEOUT). */
  retryBudgetMs: number;
  observer?: Observer;
  /** A duration as people say it. */
  say: (ms: number) => string;
}

/** How often a run may go back to an earlier step before that counts as a failure. */
const mostRestarts = 10;

/** How long the last write of a step that failed may take: the run's own end is written right after. */
const lastWriteMs = 5_000;

/** Whether another builder will go on with the step. */
function isResumable(error: unknown): boolean {
  return exitCodeOf(error) === exitCodes.interrupted || error instanceof AbortedError;
}

/** Runs every step that is not done yet. Throws the error that ended the run; the checkpoint names its step. */
export async function runPipeline<P, S extends object>(options: EngineOptions<P, S>): Promise<void> {
  const { steps, checkpoint, signal } = options;
  for (let index = 0; index < steps.length;) {
    const step = steps[index];
    if (!step) break;
    const { status, attempts } = checkpoint.step(step.name);
    if (status === "done" || status === "skipped") {
      index += 1;
      continue;
    }
    signal.throwIfAborted();
    const result = await runStep(step, options);
    if (result.kind !== "again") {
      index += 1;
      continue;
    }
    if (attempts >= mostRestarts)
      throw new PermanentError("RESTARTS", `${step.name} went back too often: ${result.output}`);
    index = steps.findIndex(({ name }) => name === result.from);
  }
}

/** One step to its end, with its record, its times and its log lines. */
async function runStep<P, S extends object>(
  step: Step<P, S>,
  options: EngineOptions<P, S>,
): Promise<StepResult<S>> {
  const { checkpoint, clock, signal, observer } = options;
  const log = options.log(step.name);
  const began = clock.now();
  const before = checkpoint.step(step.name);
  const startedAt = before.startedAt ?? new Date(began).toISOString();
  await checkpoint.saveStep(
    step.name,
    { status: "running", attempts: before.attempts + 1, startedAt },
    signal,
  );
  observer?.started?.(step.name);
  try {
    const result = await attempt(step, options, log);
    const ms = clock.now() - Date.parse(startedAt);
    const { kind, output, patch } = result;
    const finishedAt = new Date(clock.now()).toISOString();
    if (kind === "again")
      await checkpoint.goBack(fromTo(options.steps, result.from, step.name), signal, patch);
    else await checkpoint.saveStep(step.name, { status: kind, finishedAt, output }, signal, patch);
    if (kind === "again") log.warn({ from: result.from }, `${output}; going back to ${result.from}`);
    else if (kind === "skipped") log.info({}, output);
    else log.info({ durationMs: ms }, `done in ${options.say(ms)}${output && `; ${output}`}`);
    observer?.finished?.(step.name, kind, ms, output);
    return result;
  } catch (error) {
    const resumable = isResumable(error);
    if (!resumable) {
      const change = { status: "failed", finishedAt: new Date(clock.now()).toISOString() } as const;
      await checkpoint.saveStep(step.name, change, AbortSignal.timeout(lastWriteMs)).catch(() => undefined);
    }
    const end = resumable ? "interrupted" : "failed";
    observer?.finished?.(step.name, end, clock.now() - began, messageOf(error));
    throw error;
  }
}

/** The names of the steps from one to another, both included. */
function fromTo<P, S>(steps: readonly Step<P, S>[], from: string, to: string): string[] {
  const names = steps.map(({ name }) => name);
  return names.slice(names.indexOf(from), names.indexOf(to) + 1);
}

/** Runs the step again while it fails for reasons that may pass; each try observes the world first. */
async function attempt<P, S extends object>(
  step: Step<P, S>,
  { ports, checkpoint, clock, signal, retryBudgetMs }: EngineOptions<P, S>,
  log: Log,
): Promise<StepResult<S>> {
  const context = stepContext(checkpoint, { log, clock, signal });
  let failingSince: number | undefined;
  for (let tries = 1; ; tries += 1) {
    const began = clock.now();
    try {
      return await step.run(ports, checkpoint.run, context);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      // A step may have worked for hours before this: the outage begins with the failure, not with the step.
      if (failingSince === undefined || clock.now() - began > retryBudgetMs)
        [failingSince, tries] = [clock.now(), 1];
      if (clock.now() - failingSince >= retryBudgetMs) throw error;
      const code = error instanceof BuilderError ? error.code : undefined;
      if (tries > 1) log.warn({ code }, `${messageOf(error)}; trying again`);
      await clock.sleep(pauseMs(tries, error), signal);
    }
  }
}
