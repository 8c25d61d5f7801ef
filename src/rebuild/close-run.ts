/** The end of a run, or of this builder's part in it: phase, history, last lines, notification, exit code. */
import { addToHistory, type History } from "../domain/history.ts";
import { addTimings, type Timings } from "../domain/harvest-progress.ts";
import type { RunState } from "../domain/run-state.ts";
import {
  AbortedError,
  BuilderError,
  CancelledError,
  CheckpointError,
  ConfigError,
  type ExitCode,
  exitCodeOf,
  exitCodes,
  messageOf,
} from "../errors.ts";
import type { Checkpoint } from "../pipeline/checkpoint.ts";
import type { Failure, Phase } from "../pipeline/run-document.ts";
import type { NotificationEvent } from "../ports/notifier.ts";
import {
  jobOfKey,
  type JobResults,
  nextRecords,
  pack,
  recordsAttachment,
  resultsAttachment,
  timingsAttachment,
  unpack,
} from "../steps/harvest/list-memory.ts";
import { notifyOnce } from "../steps/notify-once.ts";
import { failureLines, interruptedLines, liveLines } from "./last-lines.ts";
import { historyEntry } from "./history-entry.ts";
import { keepReport } from "./keep-report.ts";
import type { World } from "./world.ts";

export type Ending = { kind: "succeeded" } | { kind: "ended"; error: unknown };

/** How long the last writes of an interrupted builder may take: it has 10 s from SIGTERM to exit. */
const lastWritesMs = 3_000;
const endedWritesMs = 60_000;
/** How many lines about a failure are kept with the run. */
const mostDetails = 60;

/** Writes down how it ended and says so. Throws the error again when it is a bug or nothing may be written. */
export async function closeRun(
  world: World,
  checkpoint: Checkpoint<RunState>,
  history: History,
  ending: Ending,
): Promise<ExitCode> {
  if (ending.kind === "succeeded") return closeSucceeded(world, checkpoint, history);
  const { error } = ending;
  if (!(error instanceof BuilderError))
    await closeEnded(world, checkpoint, history, error).catch(() => undefined);
  if (error instanceof CheckpointError || !(error instanceof BuilderError)) throw error;
  if (exitCodeOf(error) === exitCodes.interrupted) return closeInterrupted(world, checkpoint, error);
  await closeEnded(world, checkpoint, history, error);
  return exitCodeOf(error);
}

async function closeSucceeded(
  world: World,
  checkpoint: Checkpoint<RunState>,
  history: History,
): Promise<ExitCode> {
  const signal = AbortSignal.timeout(endedWritesMs);
  const timings = addTimings(
    unpack(checkpoint.attachment(timingsAttachment)) as Timings,
    secondsPerJob(checkpoint),
  );
  await checkpoint.attach(timingsAttachment, pack(timings), signal);
  await checkpoint.attach(recordsAttachment, pack(recordsFor(checkpoint)), signal);
  await finish(world, checkpoint, history, "succeeded", undefined, signal);
  const lines = liveLines(checkpoint.run, world);
  world.log("live").info({}, lines.join("\n"));
  await tellOutcome(world, checkpoint, signal);
  return exitCodes.done;
}

/** What is left to do of a run that is over: the message, where it was not sent, and the exit code once more. */
export async function tellEnd(world: World, checkpoint: Checkpoint<RunState>): Promise<ExitCode> {
  const { runId, phase, failure } = checkpoint.run;
  world.log().info({}, `run ${runId} of this Job is over already (${phase}); a new Job begins a new run`);
  await tellOutcome(world, checkpoint, AbortSignal.timeout(endedWritesMs));
  if (phase === "succeeded") return exitCodes.done;
  return Object.values(exitCodes).find((code) => code === failure?.exitCode) ?? exitCodes.failed;
}

/** Says how the run ended, in the words of what is stored: whoever says it says the same. */
export function tellOutcome(
  world: World,
  checkpoint: Checkpoint<RunState>,
  signal: AbortSignal,
): Promise<void> {
  const { phase, release, failure } = checkpoint.run;
  if (phase === "succeeded") return tell(world, checkpoint, "live", `${release} is live`, signal);
  const event = phase === "aborted" || phase === "rolled-back" ? phase : "failed";
  const text = `${release}: ${world.settings.environment} rebuild ${phase}: ${failure?.message ?? ""}`;
  return tell(world, checkpoint, event, text, signal);
}

async function closeEnded(
  world: World,
  checkpoint: Checkpoint<RunState>,
  history: History,
  error: unknown,
): Promise<void> {
  const signal = AbortSignal.timeout(endedWritesMs);
  const phase = phaseOf(error);
  await finish(world, checkpoint, history, phase, failureOf(error, checkpoint, world.redact), signal);
  if (error instanceof BuilderError)
    world
      .log(checkpoint.run.failure?.step)
      .error({ code: error.code }, failureLines(error, checkpoint.run, world).join("\n"));
  await tellOutcome(world, checkpoint, signal);
}

/** A builder that lost the Lease writes nothing more; any other says that the run can go on. */
async function closeInterrupted(
  world: World,
  checkpoint: Checkpoint<RunState>,
  error: BuilderError,
): Promise<ExitCode> {
  world.log().warn({ code: error.code }, interruptedLines(error, checkpoint.run, world).join("\n"));
  if (!(error instanceof CancelledError && error.code === "LEASE_LOST")) {
    await checkpoint.setPhase("interrupted", AbortSignal.timeout(lastWritesMs)).catch((failure: unknown) => {
      world
        .log()
        .warn(
          {},
          `that could not be written down (${messageOf(failure)}); the next builder finds out by itself`,
        );
    });
  }
  return exitCodeOf(error);
}

async function finish(
  world: World,
  checkpoint: Checkpoint<RunState>,
  history: History,
  phase: "succeeded" | "failed" | "aborted" | "rolled-back",
  failure: Failure | undefined,
  signal: AbortSignal,
): Promise<void> {
  const finishedAt = new Date(world.clock.now()).toISOString();
  const ended = { ...checkpoint.run, phase, finishedAt, ...(failure ? { failure } : {}) };
  const closed = addToHistory(history, historyEntry(ended));
  await checkpoint.setPhase(phase, signal, { finishedAt, ...(failure ? { failure } : {}) }, closed);
  await keepReport(world, checkpoint, signal);
}

function phaseOf(error: unknown): Extract<Phase, "failed" | "aborted" | "rolled-back"> {
  if (error instanceof AbortedError) return "aborted";
  return error instanceof BuilderError && error.code === "ROLLED_BACK" ? "rolled-back" : "failed";
}

function failureOf(error: unknown, { run }: Checkpoint<RunState>, redact: (text: string) => string): Failure {
  const step = run.steps.find(({ status }) => status === "failed" || status === "running")?.name;
  const named = step === undefined ? {} : { step };
  if (!(error instanceof BuilderError)) return { ...named, code: "BUG", message: redact(messageOf(error)) };
  const { code, details, hint } = error;
  const message = told(error);
  const problems =
    error instanceof ConfigError ? error.problems.map(({ where, what }) => `${where}: ${what}`) : [];
  const lines = [...problems, ...details].slice(0, mostDetails).map(redact);
  return {
    ...named,
    code,
    message: redact(message),
    ...(lines.length > 0 ? { details: lines } : {}),
    ...(hint === undefined ? {} : { hint }),
    exitCode: exitCodeOf(error),
  };
}

/** The message alone; of several problems the first is told with it, where one line is all there is. */
function told(error: BuilderError): string {
  const [first, ...others] = error instanceof ConfigError ? error.problems : [];
  if (!first) return error.message;
  return `${error.message}: ${first.where} ${first.what}${others.length > 0 ? "; …" : ""}`;
}

/** What can't be read is begun anew: only people look at it. */
function recordsFor(checkpoint: Checkpoint<RunState>): Record<string, number> {
  try {
    return nextRecords({ attachment: (name) => checkpoint.attachment(name) });
  } catch {
    return {};
  }
}

/** Seconds per job of this run; of a job that ran twice the last. */
function secondsPerJob(checkpoint: Checkpoint<RunState>): Map<string, number> {
  const results = unpack(checkpoint.attachment(resultsAttachment)) as JobResults;
  return new Map(Object.entries(results).map(([key, [seconds]]) => [jobOfKey(key), seconds]));
}

/** Webhook and Event of the outcome; neither may fail the run. */
async function tell(
  world: World,
  checkpoint: Checkpoint<RunState>,
  event: NotificationEvent,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const save = (patch: Partial<RunState>) => checkpoint.save(patch, signal);
  try {
    const type = event === "live" ? "Normal" : "Warning";
    const reason = event.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
    await world.ports.notifier.announce({ type, reason, message: text });
    await notifyOnce(
      { notifier: world.ports.notifier, clock: world.clock, save },
      checkpoint.run,
      event,
      text,
    );
  } catch (error) {
    world.log().warn({}, `the outcome could not be announced: ${messageOf(error)}`);
  }
}
