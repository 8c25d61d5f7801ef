/** One invocation of `run`: joins, resumes or begins, and brings the run to its end or to a safe stop. */
import { announceEnd, endRun } from "../actions/finish-run.ts";
import { removeRelease } from "../actions/remove-release.ts";
import { giveTtlsBack } from "../actions/swap-ttl.ts";
import { hasChangedDns } from "../domain/run.ts";
import { AbortedError, type Ending, type ExitCode, exitCodeOf, exitCodes, messageOf } from "../errors.ts";
import { runSteps } from "../pipeline/engine.ts";
import type { Lock } from "../pipeline/lock.ts";
import { requestKinds } from "../pipeline/requests.ts";
import { Run } from "../pipeline/run.ts";
import { type ReadState, readState } from "../pipeline/state.ts";
import type { Metrics, World } from "../pipeline/world.ts";
import { rebuildSteps } from "../steps/index.ts";
import { banner, joinLines } from "./banner.ts";
import { acquireAfterVerbs, newLock } from "./hold-lock.ts";
import { closeExpired, endedInThisJob, openRun } from "./open-run.ts";

/** Runs a rebuild; throws only what closes nothing (bugs, an unreadable state). */
export async function rebuild(world: World, signal: AbortSignal): Promise<Ending> {
  const lock = newLock(world);
  const acquired = await acquireAfterVerbs(world, lock, signal);
  if (acquired.kind === "busy") {
    const { holder } = acquired;
    const lines = joinLines(await readState(world, signal), holder, world);
    world.log().info({ holder }, lines.join("\n"));
    return { code: exitCodes.done, outcome: lines[0] ?? "" };
  }
  lock.keepRenewing();
  const metrics = await openMetrics(world);
  let ending: Ending | undefined;
  try {
    const held = AbortSignal.any([signal, lock.lost]);
    const scene = { lock, signal: held, metrics };
    const stored = await readState(world, held);
    const { run } = stored;
    ending =
      run && endedInThisJob(run, world)
        ? await repeatEnd(Run.open(world, { ...scene, stored: { ...stored, run } }))
        : await carryOut(world, scene, stored, acquired.lastSeen);
    return ending;
  } finally {
    await metrics?.close();
    // What operators asked for outlives an interruption: the next builder answers it.
    const isOver = ending !== undefined && ending.code !== exitCodes.interrupted;
    await lock.release(isOver ? requestKinds : []);
  }
}

/** Opens the run, carries it through its steps, and writes down how it ended. */
async function carryOut(
  world: World,
  held: { lock: Lock; signal: AbortSignal; metrics: Metrics | undefined },
  found: ReadState,
  lastSeen: number | undefined,
): Promise<Ending> {
  const abort = new AbortController();
  const closed = await closeExpired(world, held, found);
  const opened = await openRun(world, closed, held.signal);
  world.nameRun(opened.run);
  held.metrics?.past(closed.history);
  for (const line of banner(world, opened, { history: closed.history, lastSeen })) world.log().info({}, line);
  const run = Run.open(world, { ...held, stored: { ...closed, run: opened.run } });
  obeyRequests(held.lock, run, abort);
  const own = run.at("", { signal: AbortSignal.any([held.signal, abort.signal]) });
  if (opened.isNew) await own.begin({ jobs: [] }, ["data", "reports"]);
  else await own.begin({}, []);
  const error = await carry(own);
  if (error !== undefined && exitCodeOf(error) !== exitCodes.interrupted) await giveTtlsBack(run);
  const ending = await endRun(run, error);
  await dropFailed(run);
  return ending;
}

/** Brings the run through its steps; returns what stopped it. */
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
async function repeatEnd(run: Run): Promise<Ending> {
  const { runId, phase, failure } = run.state;
  const outcome = `run ${runId} of this Job is over already (${phase}); a new Job begins a new run`;
  run.log.info({}, outcome);
  await announceEnd(run);
  const ended: ExitCode = phase === "succeeded" ? exitCodes.done : exitCodes.failed;
  return { code: Object.values(exitCodes).find((code) => code === failure?.exitCode) ?? ended, outcome };
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

/** Opens the metrics where a port is set; a port that can't be had is logged, and done without. */
async function openMetrics(world: World): Promise<Metrics | undefined> {
  try {
    const metrics = await world.openMetrics?.();
    return metrics && quiet(metrics);
  } catch (error) {
    const port = world.settings.metricsPort ?? 0;
    world.log().warn({ port }, `no metrics on port ${port}: ${messageOf(error)}`);
    return undefined;
  }
}

/** Metrics that can't be set are done without. */
function quiet(metrics: Metrics): Metrics {
  const quietly = (feed: () => void) => {
    try {
      feed();
    } catch {
      // only people look at them
    }
  };
  return {
    stepEnded: (step, result) => quietly(() => metrics.stepEnded(step, result)),
    past: (history) => quietly(() => metrics.past(history)),
    saved: (run) => quietly(() => metrics.saved(run)),
    close: () => metrics.close().catch(() => undefined),
  };
}
