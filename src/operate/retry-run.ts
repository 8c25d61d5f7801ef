/** Opens the last run again where it failed or was rolled back, and carries it on from the step that failed. */
import { requireNamesAndRights } from "../actions/checks/index.ts";
import { verbCommand } from "../domain/commands.ts";
import { changedAddresses } from "../domain/dns-plan.ts";
import { labels } from "../domain/names.ts";
import { acceptOf, reopen, whyNotReopen } from "../domain/reopening.ts";
import { isOver, lastOpening, type Opening, type RunState } from "../domain/run.ts";
import { type Ending, RefusedError } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import { pinnedSettings } from "../pipeline/run.ts";
import type { ReadState } from "../pipeline/state.ts";
import type { Task } from "../pipeline/task.ts";
import { taskOf, type World } from "../pipeline/world.ts";
import { carryRun, type Held } from "./carry-run.ts";
import { isOfThisJob, type OpenedRun, takenUp } from "./open-run.ts";

export interface RetryOptions {
  /** Who asks for it. */
  by: string;
  /** `--accept`: why the very result that was rejected is good enough. */
  accept?: string | undefined;
}

/**
 * Carries the last run on under its own name, without another harvest. Throws RefusedError where there is nothing to go on
 * with, something can't be accepted, or another builder is at work; ConfigError for mistakes found on the way in.
 */
export function retryRun(world: World, options: RetryOptions, signal: AbortSignal): Promise<Ending> {
  return carryRun(world, signal, {
    busy(holder) {
      const hint = `see:  ${verbCommand("status", world.builderNamespace)}`;
      throw new RefusedError("RUN_UNDER_WAY", `${holder} is at work: nothing was reopened`, { hint });
    },
    open: (held, state) => openAgain(world, held, { state, options }),
  });
}

async function openAgain(
  world: World,
  held: Held,
  { state, options }: { state: ReadState; options: RetryOptions },
): Promise<OpenedRun> {
  const base = lastRun(state);
  const { run } = base;
  if (!run) throw nothing(world, "no run has begun yet");
  if (!isOver(run.phase)) return { base, how: "resumed", run: takenUp(world, requireOurs(world, run)) };
  const objection = whyNotReopen(run);
  if (objection !== undefined) throw nothing(world, objection);
  const opening = openingOf(world, { run, jobs: base.attachments.jobs }, options);
  const own = { ...world, settings: pinnedSettings(world, run) };
  const task = taskOf(own, "retry", held.lock, { signal: held.signal, refusals: "mistake" });
  await requireRelease(world, task, run);
  const live = await requireNamesAndRights(task);
  for (const change of changedAddresses(task.settings.mappings, run.dns?.before ?? [], live.records))
    task.log.warn({}, `${change}: changed since the run pinned it; taken as it is now`);
  if (opening.accepts) task.log.warn({}, `accepted by ${opening.by}: ${opening.accepts.reason}`);
  return { base, how: "reopened", run: takenUp(world, reopen(run, opening, live)) };
}

/** The run that counts as the last: one that ended before it installed anything displaces none. */
function lastRun(state: ReadState): ReadState {
  const { run, attachments } = state;
  const { displaced } = attachments;
  if (!displaced || (run && !isOver(run.phase))) return state;
  return {
    ...state,
    run: displaced.run,
    attachments: { ...attachments, jobs: displaced.jobs, displaced: null },
  };
}

/** A run that is not over goes on by the Job that had opened it again, and else by `run`. */
function requireOurs(world: World, run: RunState): RunState {
  if (isOfThisJob(world, lastOpening(run))) return run;
  throw new RefusedError("RUN_UNDER_WAY", `run ${run.runId} is not over: there is nothing to reopen`, {
    hint: `to go on with it:  ${verbCommand("run", world.builderNamespace, "resume-1")}`,
  });
}

function openingOf(
  world: World,
  { run, jobs }: { run: RunState; jobs: ReadState["attachments"]["jobs"] },
  { by, accept }: RetryOptions,
): Opening {
  const { jobName: job, jobUid } = world.settings;
  const accepts = accept === undefined ? undefined : acceptOf(run, world.redact(accept), jobs);
  if (typeof accepts === "string")
    throw new RefusedError("NOT_ACCEPTABLE", `nothing was reopened: ${accepts}`, {
      hint: `without --accept, retry tries again:  ${verbCommand("retry", world.builderNamespace)}`,
    });
  return { at: timestamp(world.clock), by, job, jobUid, ...(accepts && { accepts }) };
}

async function requireRelease(world: World, { ports }: Task, { release, runId }: RunState): Promise<void> {
  const namespace = await ports.cluster.findNamespace(release);
  if (namespace && !namespace.terminating && namespace.labels[labels.run] === runId) return;
  throw nothing(world, `${release} of run ${runId} is gone`);
}

function nothing({ builderNamespace }: World, why: string): RefusedError {
  const hint = `start a new rebuild instead:  ${verbCommand("run", builderNamespace, "rebuild-1")}`;
  return new RefusedError("NOTHING_TO_RETRY", `there is nothing to retry: ${why}`, { hint });
}
