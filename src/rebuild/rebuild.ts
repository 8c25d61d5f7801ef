/** One invocation of `run`: joins, resumes or begins, and brings the run to its end or to a safe stop. */
import { AbortedError, exitCodes, type ExitCode } from "../errors.ts";
import { isReleaseName } from "../domain/names.ts";
import { duration } from "../domain/words.ts";
import type { Checkpoint } from "../pipeline/checkpoint.ts";
import { runPipeline } from "../pipeline/engine.ts";
import type { Lock } from "../pipeline/lock.ts";
import { patiently, type Patience } from "../pipeline/patience.ts";
import type { RunState } from "../domain/run-state.ts";
import { resultsAttachment } from "../steps/harvest/list-memory.ts";
import { rebuildSteps } from "../steps/index.ts";
import { dataAttachment } from "../steps/load-data.ts";
import { notifyOnce } from "../steps/notify-once.ts";
import { announceSteps } from "./announce-steps.ts";
import { banner, joinLines } from "./banner.ts";
import { checkpointOf } from "./checkpoint-of.ts";
import { closeExpired } from "./close-expired.ts";
import { closeRun, tellEnd, type Ending } from "./close-run.ts";
import { dropFailed } from "./drop-failed.ts";
import { giveTtlsBack, willGoOn } from "./give-ttls-back.ts";
import { fencedPorts } from "./guards.ts";
import { observers, openMetrics, watchedStore } from "./measure.ts";
import { endedInThisJob, openRun, type OpenedRun } from "./open-run.ts";
import { readState, type ReadState } from "./read-state.ts";
import { acquireAfterVerbs, freeLock, newLock } from "./with-lock.ts";
import { worldOfRun } from "./world-of-run.ts";
import { type Metrics, requestKinds, type World } from "./world.ts";

/** Runs a rebuild; throws only what closes nothing (bugs, an unreadable state). Returns the exit code. */
export async function rebuild(world: World, signal: AbortSignal): Promise<ExitCode> {
  const { clock, settings } = world;
  const patience: Patience = { clock, log: world.log(), budgetMs: settings.retryTimeoutMs };
  const lock = newLock(world);
  const acquired = await acquireAfterVerbs(world, lock, world.log(), signal);
  if (acquired.kind === "busy") {
    const stored = await patiently(() => readState(world), patience, signal);
    world.log().info({ holder: acquired.holder }, joinLines(stored, acquired.holder, world).join("\n"));
    return exitCodes.done;
  }
  lock.keepRenewing();
  const metrics = await openMetrics(world);
  let code: ExitCode | undefined;
  try {
    const held = AbortSignal.any([signal, lock.lost]);
    const stored = await patiently(() => readState(world), patience, held);
    const { run } = stored;
    code =
      run && endedInThisJob(run, world.jobName, clock.now())
        ? await tellEnd(world, checkpointOf(world, lock, run, stored, held))
        : await carryOut(world, metrics, lock, stored, acquired.lastSeen, held);
    return code;
  } finally {
    await metrics.close();
    // What operators asked for outlives an interruption: the next builder answers it.
    const answered = code === undefined || code === exitCodes.interrupted ? [] : Object.values(requestKinds);
    await freeLock(world, lock, answered);
  }
}

/** Opens the run, carries it through its steps, and writes down how it ended. */
async function carryOut(
  given: World,
  metrics: Metrics,
  lock: Lock,
  found: ReadState,
  lastSeen: number | undefined,
  held: AbortSignal,
): Promise<ExitCode> {
  const abort = new AbortController();
  const signal = AbortSignal.any([held, abort.signal]);
  const ports = fencedPorts(given, lock, signal);
  const opened = await open(given, ports.cluster, found);
  given.nameRun(opened.run);
  metrics.past(opened.history);
  for (const line of banner(opened, given, lastSeen)) given.log().info({}, line);
  const world = worldOfRun({ ...given, store: watchedStore(given.store, metrics) }, opened.run);
  const { settings, clock } = world;
  const stored = opened.expired ? await closeExpired(given, lock, opened, found, held) : found;
  const checkpoint = checkpointOf(world, lock, opened.run, stored, held);
  obeyRequests(lock, checkpoint, abort);
  const drop = opened.kind === "new" ? [dataAttachment, resultsAttachment] : [];
  await checkpoint.begin(drop, signal);
  let ending: Ending = { kind: "succeeded" };
  try {
    const events = announceSteps(world.ports.notifier, opened.run.runId);
    const observer = observers(events, metrics.observer);
    const log = (step: string) => world.log(step);
    const say = duration;
    await tellStarted(world, checkpoint, signal);
    await runPipeline({
      steps: rebuildSteps(settings),
      ports,
      checkpoint,
      clock,
      log,
      signal,
      retryBudgetMs: settings.retryTimeoutMs,
      observer,
      say,
    });
  } catch (error) {
    ending = { kind: "ended", error };
    if (!willGoOn(error)) await giveTtlsBack(world, lock, checkpoint);
  }
  const code = await closeRun(world, checkpoint, opened.history, ending);
  await dropFailed(world, lock, checkpoint, held);
  return code;
}

async function open(
  world: World,
  cluster: Pick<World["ports"]["cluster"], "findNamespaces">,
  stored: ReadState,
): Promise<OpenedRun> {
  const { settings, clock, identity, jobName, randomInt } = world;
  const names = (await cluster.findNamespaces()).map(({ name }) => name);
  const taken = new Set(names.filter((name) => isReleaseName(settings.environment, name)));
  const stepNames = rebuildSteps(settings).map(({ name }) => name);
  return openRun(stored, { settings, stepNames, identity, jobName, now: clock.now(), randomInt, taken });
}

/** An operator's abort ends the run before its swap, a rollback after it. */
function obeyRequests(lock: Lock, checkpoint: Checkpoint<RunState>, abort: AbortController): void {
  const obey = (requests: Readonly<Record<string, string>>) => {
    const { runId, dns } = checkpoint.run;
    const swapping = dns?.startedAt !== undefined;
    if (requests[requestKinds.abort] === runId && !swapping) {
      abort.abort(new AbortedError(`run ${runId} was ended by an operator`));
    } else if (requests[requestKinds.rollback] === runId && swapping) {
      abort.abort(new AbortedError(`run ${runId} is being rolled back by an operator`));
    }
  };
  lock.onRequests(obey);
  obey(lock.requests);
}

async function tellStarted(
  world: World,
  checkpoint: Checkpoint<RunState>,
  signal: AbortSignal,
): Promise<void> {
  const { run } = checkpoint;
  const save = (patch: Partial<RunState>) => checkpoint.save(patch, signal);
  const messenger = { notifier: world.ports.notifier, clock: world.clock, save };
  await notifyOnce(messenger, run, "started", `rebuild ${run.runId} of ${run.environment} has started`);
}
