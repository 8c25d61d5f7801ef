/** Decides what to work on: the unfinished run, or a new one. */
import { verbCommand } from "../domain/commands.ts";
import type { HistoryEntry } from "../domain/history.ts";
import { isReleaseName, newReleaseName, newRunId } from "../domain/names.ts";
import type { Attachments } from "../domain/attachments.ts";
import { isOver, lastOpening, openedAt, type RunState, schemaVersion, wasInstalled } from "../domain/run.ts";
import { duration } from "../domain/words.ts";
import { CheckpointError, PermanentError } from "../errors.ts";
import { finishRun } from "../actions/finish-run.ts";
import { giveTtlsBack } from "../actions/swap-ttl.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Lock } from "../pipeline/lock.ts";
import { Run } from "../pipeline/run.ts";
import { type ReadState, readState } from "../pipeline/state.ts";
import { ask, type World } from "../pipeline/world.ts";
import { rebuildSteps } from "../steps/index.ts";

const maxBuilders = 20;
/** A run that has not started its list expires after this time; one that has never does. */
const expiresMs = 72 * 3_600_000;
/** How long after its end the next pod of a run's own Job may meet it without JOB_UID: Jobs wait up to 6 minutes. */
const sameJobMs = 3_600_000;

type ForJob = Pick<RunState["builders"][number], "job" | "jobUid">;

export interface OpenedRun {
  run: RunState;
  how: "begun" | "resumed" | "reopened";
  /** What is stored, and what this is based on. */
  base: ReadState;
  /** What the first write changes beside the run; of a run that was begun before nothing. */
  attachments?: Partial<Attachments>;
}

/** The run to work on; nothing is written yet. Throws CheckpointError when the stored steps are not this program's. */
export async function openRun(world: World, base: ReadState, signal: AbortSignal): Promise<OpenedRun> {
  const { run, history, attachments } = base;
  if (run && !isOver(run.phase)) return { base, how: "resumed", run: takenUp(world, run) };
  const { environment } = world.settings;
  const namespaces = await ask(world, () => world.ports.cluster.findNamespaces(), signal);
  const names = namespaces.map(({ name }) => name).filter((name) => isReleaseName(environment, name));
  const before = run && wasInstalled(run) ? { run, jobs: attachments.jobs } : attachments.displaced;
  return {
    ...{ base, how: "begun", run: newRun(world, history.runs, names) },
    attachments: { jobs: [], displaced: before ?? null },
  };
}

/** The run in the hands of this builder. Throws CheckpointError when the stored steps are not this program's. */
export function takenUp(world: World, run: RunState): RunState {
  requireSameSteps(run, world);
  return { ...run, phase: "running", builders: [...run.builders, builderOf(world)].slice(-maxBuilders) };
}

function newRun(world: World, past: readonly HistoryEntry[], names: readonly string[]): RunState {
  const { settings, clock, randomInt } = world;
  const { environment } = settings;
  // A new release takes no name that is there, nor one of an earlier run.
  const taken = new Set([...names, ...past.flatMap(({ release, replaced = [] }) => [release, ...replaced])]);
  const runIds = new Set(past.map(({ runId }) => runId));
  return {
    schemaVersion,
    runId: newRunId(environment, new Date(clock.now()), runIds),
    environment,
    release: newReleaseName(environment, randomInt, taken),
    phase: "running",
    startedAt: timestamp(clock),
    builders: [builderOf(world)],
    steps: rebuildSteps.map(({ name }) => ({ name, status: "pending", attempts: 0 })),
  };
}

function builderOf({ identity: name, settings, clock }: World): RunState["builders"][number] {
  const { jobName: job, jobUid } = settings;
  return { name, since: timestamp(clock), job, jobUid };
}

/** Whether something was done for this very Job: by its uid, or by a name that may come again. */
export function isOfThisJob({ settings: { jobName, jobUid } }: World, other: ForJob | undefined): boolean {
  return other !== undefined && (jobUid === undefined ? other.job === jobName : other.jobUid === jobUid);
}

/**
 * The run that was brought to its end by an earlier pod of this very Job, which died before it could say so, or that this
 * Job had opened again. Only a new Job begins a new run, or opens one again.
 */
export function endedInThisJob(
  { run, history }: ReadState,
  world: World,
): Pick<RunState, "runId" | "phase" | "failure"> | undefined {
  const { jobName, jobUid } = world.settings;
  if ((jobUid ?? jobName) === undefined || (run && !isOver(run.phase))) return undefined;
  const isRecent = ({ finishedAt = "" }: Pick<RunState, "finishedAt">) =>
    jobUid !== undefined || world.clock.now() - Date.parse(finishedAt) < sameJobMs;
  const ours = run && [run.builders.at(-1), lastOpening(run)].some((one) => isOfThisJob(world, one));
  if (ours && isRecent(run)) return run;
  const last = history.runs.at(-1);
  return last && isOfThisJob(world, last) && isRecent(last) ? last : undefined;
}

/** A stored history that does not match the steps is refused: skipping or repeating one would be a guess. */
function requireSameSteps({ steps, runId }: RunState, { settings }: World): void {
  const names = (all: readonly { name: string }[]) => all.map(({ name }) => name).join();
  if (names(steps) === names(rebuildSteps)) return;
  const drop = verbCommand("abort", settings.builderNamespace);
  throw new CheckpointError("STATE_STEPS", `run ${runId} was started by a powo-builder with other steps`, {
    hint: `let that version finish it, or drop it:  ${drop}`,
  });
}

/** Closes a run whose time is over like any other that failed; returns the state to begin the next one on. */
export async function closeExpired(
  world: World,
  held: { lock: Lock; signal: AbortSignal },
  stored: ReadState,
): Promise<ReadState> {
  const { run: state } = stored;
  if (!state || isOver(state.phase) || !isExpired(state, world.clock.now())) return stored;
  const run = Run.open(world, { ...held, stored: { ...stored, run: state } });
  const age = duration(world.clock.now() - Date.parse(openedAt(state)));
  await giveTtlsBack(run);
  await finishRun(run, "failed", new PermanentError("RUN_EXPIRED", `not finished after ${age}; closed`));
  const what = `run ${state.runId} never finished (started ${state.startedAt})`;
  world.log().info({}, `${what}; closed as failed; the next install removes ${state.release}`);
  return readState(world, held.signal);
}

function isExpired(run: RunState, now: number): boolean {
  const { harvest = [] } = run;
  const hasStartedList = harvest.some((list) => list.startedAt !== undefined || list.intentAt !== undefined);
  return !hasStartedList && now - Date.parse(openedAt(run)) > expiresMs;
}
