/**
 * The engine: carries a run through its steps in order, each checkpointed before and after. It times, retries and
 * logs; it knows nothing of what the steps do.
 */
import { duration } from "../domain/words.ts";
import { AbortedError, exitCodeOf, exitCodes, messageOf, PermanentError } from "../errors.ts";
import type { StepRecord } from "../domain/run.ts";
import { timestamp } from "./clock.ts";
import { leftToTheNext, persist, retryOf } from "./retry.ts";
import type { Run } from "./run.ts";
import type { Step, StepResult } from "./step.ts";

/** `again`: back to an earlier step; `interrupted`: another builder goes on with it. */
type StepEnd = StepResult["kind"] | "failed" | "interrupted";

const reasons: Record<StepEnd, string> = {
  done: "StepDone",
  skipped: "StepSkipped",
  failed: "StepFailed",
  again: "StepAgain",
  interrupted: "StepInterrupted",
};

/** How often a run may go back to an earlier step before that counts as a failure. */
const maxRestarts = 10;
/** How long the last write of a step that failed may take: the run's own end is written right after. */
const lastWriteMs = 5_000;

/** Runs every step that is not done yet. Throws the error that ended the run; the checkpoint names its step. */
export async function runSteps(run: Run, steps: readonly Step[]): Promise<void> {
  for (let index = 0; index < steps.length;) {
    const step = steps[index];
    if (!step) break;
    const { status, attempts } = run.stepRecord(step.name);
    if (status === "done" || status === "skipped") {
      index += 1;
      continue;
    }
    run.signal.throwIfAborted();
    const result = await runStep(run, step, steps);
    if (result.kind !== "again") {
      index += 1;
      continue;
    }
    if (attempts >= maxRestarts)
      throw new PermanentError("RESTARTS", `${step.name} went back too often: ${result.output}`);
    index = steps.findIndex(({ name }) => name === result.from);
  }
}

async function runStep(whole: Run, step: Step, steps: readonly Step[]): Promise<StepResult> {
  const run = whole.at(step.name, { refusals: step.refusals });
  const { clock, log } = run;
  const { attempts, startedAt = timestamp(clock) } = run.stepRecord(step.name);
  await saveStep(run, step.name, { status: "running", attempts: attempts + 1, startedAt });
  void run.announce("Normal", "StepStarted", `${run.state.runId}: ${step.name}`);
  try {
    const result = await persist(() => step.run(run), {
      ...retryOf(run, step.refusals),
      release: run.state.release,
    });
    const { kind, output } = result;
    const ms = clock.now() - Date.parse(startedAt);
    if (kind === "again") {
      await goBack(run, steps, result.from, step.name);
      log.warn({ from: result.from }, `${output}; going back to ${result.from}`);
    } else {
      await saveStep(run, step.name, { status: kind, finishedAt: timestamp(clock), output });
      if (kind === "skipped") log.info({}, output);
      else log.info({ durationMs: ms }, `done in ${duration(ms)}${output && `; ${output}`}`);
    }
    ended(run, step.name, kind, { ms, output });
    return result;
  } catch (thrown) {
    const error = leftToTheNext(run.state, thrown);
    const ms = clock.now() - Date.parse(startedAt);
    const isResumable = exitCodeOf(error) === exitCodes.interrupted || error instanceof AbortedError;
    ended(run, step.name, isResumable ? "interrupted" : "failed", { ms, output: messageOf(error) });
    if (!isResumable) {
      const last = run.at(step.name, { signal: AbortSignal.timeout(lastWriteMs) });
      await saveStep(last, step.name, { status: "failed", finishedAt: timestamp(clock) }).catch(
        () => undefined,
      );
    }
    throw error;
  }
}

/** Event and metric of a step's end; never waited for. */
function ended(run: Run, step: string, end: StepEnd, { ms, output }: { ms: number; output: string }): void {
  const type = end === "done" || end === "skipped" ? "Normal" : "Warning";
  const message = `${run.state.runId}: ${step} after ${duration(ms)}${output && `: ${output}`}`;
  void run.announce(type, reasons[end], message);
  run.stepEnds.push({ step, result: end });
}

async function saveStep(run: Run, name: string, change: Partial<StepRecord>): Promise<void> {
  const steps = run.state.steps.map((step) => (step.name === name ? { ...step, ...change } : step));
  await run.save({ steps });
}

/** All steps from one to another are to be done again. In one write: half of it would skip a step whose work is gone. */
async function goBack(run: Run, steps: readonly Step[], from: string, to: string): Promise<void> {
  const names = steps.map(({ name }) => name);
  const again = names.slice(names.indexOf(from), names.indexOf(to) + 1);
  await run.save({
    steps: run.state.steps.map((step) =>
      again.includes(step.name) ? { ...step, status: "pending" as const } : step,
    ),
  });
}
