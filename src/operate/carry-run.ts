/** Carries a run under the Lease, to its end or to a safe stop: what `run` and `retry` have in common. */
import { announceEnd, endRun, giveWay } from "../actions/finish-run.ts";
import { removeRelease } from "../actions/remove-release.ts";
import { giveTtlsBack } from "../actions/swap-ttl.ts";
import { hasChangedDns, phaseText, type RunState } from "../domain/run.ts";
import { AbortedError, type Ending, type ExitCode, exitCodeOf, exitCodes, messageOf } from "../errors.ts";
import { runSteps } from "../pipeline/engine.ts";
import type { Lock } from "../pipeline/lock.ts";
import { requestKinds } from "../pipeline/requests.ts";
import { Run } from "../pipeline/run.ts";
import { type ReadState, readState } from "../pipeline/state.ts";
import type { World } from "../pipeline/world.ts";
import { rebuildSteps } from "../steps/index.ts";
import { banner } from "./banner.ts";
import { acquireAfterVerbs, newLock } from "./hold-lock.ts";
import { endedInThisJob, type OpenedRun } from "./open-run.ts";
import { serving } from "./serving.ts";

export interface Held {
  lock: Lock;
  /** Aborted when the Lease is lost, too. */
  signal: AbortSignal;
}

/** What one of the two verbs does differently. */
export interface RunVerb {
  /** Another builder has the Lease. */
  busy(holder: string, state: ReadState): Ending;
  /** The run to work on; nothing is written yet. */
  open(held: Held, state: ReadState): Promise<OpenedRun>;
}

/** Runs the verb; throws only what closes nothing (bugs, an unreadable state, a refusal on the way in). */
export async function carryRun(world: World, signal: AbortSignal, verb: RunVerb): Promise<Ending> {
  const lock = newLock(world);
  const acquired = await acquireAfterVerbs(world, lock, signal);
  if (acquired.kind === "busy") return verb.busy(acquired.holder, await readState(world, signal));
  lock.keepRenewing();
  let ending: Ending | undefined;
  try {
    const held = { lock, signal: AbortSignal.any([signal, lock.lost]) };
    const stored = await readState(world, held.signal);
    const ended = endedInThisJob(stored, world);
    if (ended) ending = await repeatEnd(world, held, { stored, ended });
    else ending = await carryOut(world, held, { opened: await verb.open(held, stored), ...acquired });
    return ending;
  } finally {
    // What operators asked for outlives an interruption: the next builder answers it.
    const isOver = ending !== undefined && ending.code !== exitCodes.interrupted;
    await lock.release(isOver ? requestKinds : []);
  }
}

async function carryOut(
  world: World,
  held: Held,
  { opened, lastSeen }: { opened: OpenedRun; lastSeen: number | undefined },
): Promise<Ending> {
  const abort = new AbortController();
  const { base, run: state } = opened;
  world.nameRun(state);
  for (const line of banner(world, opened, lastSeen)) world.log().info({}, line);
  const run = Run.open(world, { ...held, stored: { ...base, run: state } });
  obeyRequests(held.lock, run, abort);
  return serving(run, () => carryToEnd(run, abort, opened));
}

async function carryToEnd(run: Run, abort: AbortController, { attachments }: OpenedRun): Promise<Ending> {
  const own = run.at("", { signal: AbortSignal.any([run.signal, abort.signal]) });
  // Version 1.0 kept the data configuration with the state, where `retry` of the run that gives way may still need it.
  const { phase, documentSlot } = attachments?.displaced?.run ?? {};
  const isNeeded = phase !== undefined && phase !== "succeeded" && documentSlot === undefined;
  await own.begin(attachments ?? {}, attachments ? ["reports", ...(isNeeded ? [] : ["data"])] : []);
  const error = await carry(own);
  if (error !== undefined && exitCodeOf(error) !== exitCodes.interrupted) await giveTtlsBack(run);
  const ending = await endRun(run, error);
  await dropFailed(run);
  if (ending.code !== exitCodes.interrupted) await giveWay(run);
  return ending;
}

async function carry(run: Run): Promise<unknown> {
  try {
    const { runId, environment } = run.state;
    await run.notify("started", `rebuild ${runId} of ${environment} has started`);
    await runSteps(run, rebuildSteps);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** What is left to do of a run that is over: the message, where it was not sent, and the exit code once more. */
async function repeatEnd(
  world: World,
  held: Held,
  { stored, ended }: { stored: ReadState; ended: Pick<RunState, "runId" | "phase" | "failure"> },
): Promise<Ending> {
  const { runId, phase, failure } = ended;
  const outcome = `run ${runId} of this Job is over already (${phaseText(phase)}); a new Job begins a new run`;
  world.log().info({}, outcome);
  if (stored.run?.runId === runId) {
    const run = Run.open(world, { ...held, stored: { ...stored, run: stored.run } });
    await announceEnd(run);
    await giveWay(run);
  }
  const code: ExitCode = phase === "succeeded" ? exitCodes.done : exitCodes.failed;
  return { code: Object.values(exitCodes).find((known) => known === failure?.exitCode) ?? code, outcome };
}

/** An operator's abort ends the run before its swap, a rollback after it. */
function obeyRequests(lock: Lock, run: Run, abort: AbortController): void {
  lock.onRequests(() => {
    const { runId } = run.state;
    const isSwapping = hasChangedDns(run.state);
    if (!isSwapping && run.request("abort"))
      abort.abort(new AbortedError(`run ${runId} was ended by an operator`));
    else if (isSwapping && run.request("rollback"))
      abort.abort(new AbortedError(`run ${runId} is being rolled back by an operator`));
  });
}

/** KEEP_FAILED=0: a failed build is not kept for a look. What hinders its removal is logged and left to the next run. */
async function dropFailed(run: Run): Promise<void> {
  const { settings, state } = run;
  if (settings.keepFailedMs > 0 || state.phase !== "failed" || state.dns?.startedAt !== undefined) return;
  const own = run.at("cleanup");
  try {
    own.log.info({ release: state.release }, `removing ${state.release} (KEEP_FAILED is 0)`);
    await removeRelease(own, state.release);
  } catch (error) {
    own.log.warn({}, `${state.release} stays until the next run: ${messageOf(error)}`);
  }
}
