/** Ends a run in any state before its swap: asks a living builder to stop, then removes what the run made. */
import { finishRun, giveWay } from "../actions/finish-run.ts";
import { visitorsSee } from "../actions/last-lines.ts";
import { tryToRemove } from "../actions/leftovers.ts";
import { giveTtlsBack } from "../actions/swap-ttl.ts";
import { verbCommand } from "../domain/commands.ts";
import { hasChangedDns, isOver, type RunState } from "../domain/run.ts";
import { type Ending, exitCodes, RefusedError } from "../errors.ts";
import { Run } from "../pipeline/run.ts";
import { readState } from "../pipeline/state.ts";
import type { Log } from "../pipeline/task.ts";
import { ask, type World } from "../pipeline/world.ts";
import type { Held } from "./carry-run.ts";
import { keepingLock, takeOver } from "./hold-lock.ts";
import { serving } from "./serving.ts";

const nothingToAbort = "nothing to abort: no run is under way, and no failed run left anything behind";

/** Aborts the run of this environment. Throws RefusedError once DNS was changed. */
export async function abortRun(world: World, signal: AbortSignal): Promise<Ending> {
  const { run } = await readState(world, signal);
  if (!run || !(await hasSomethingToAbort(world, run, signal))) {
    return ended(world.log("abort"), nothingToAbort);
  }
  refuseAfterSwap(run, world);
  const lock = await takeOver(world, "abort", run.runId, signal).catch(async (error: unknown) => {
    // A builder that has begun its swap ignores an abort: say that it is too late, not that nobody heard it.
    const { run: now } = await readState(world, signal);
    if (now?.runId === run.runId) refuseAfterSwap(now, world);
    throw error;
  });
  return keepingLock(lock, signal, (held) => removeAndClose(world, { lock, signal: held }, run.runId));
}

/** A run that is not over, or one that did not succeed: it has changed DNS, or its release is still there. */
async function hasSomethingToAbort(world: World, run: RunState, signal: AbortSignal): Promise<boolean> {
  if (run.phase === "succeeded") return false;
  if (!isOver(run.phase) || hasChangedDns(run)) return true;
  const namespace = await ask(world, () => world.ports.cluster.findNamespace(run.release), signal);
  return namespace !== undefined;
}

function refuseAfterSwap(run: RunState, { builderNamespace }: World): void {
  if (!hasChangedDns(run)) return;
  const message = `run ${run.runId} has changed DNS already: ${run.release} may be live`;
  const hint = `to go back to the previous release:  ${verbCommand("rollback", builderNamespace)}`;
  throw new RefusedError("ABORT_TOO_LATE", message, { hint });
}

async function removeAndClose(world: World, held: Held, wanted: string): Promise<Ending> {
  const stored = await readState(world, held.signal);
  // One that had installed nothing has given its place back to the run before, which is not to be aborted.
  if (stored.run?.runId !== wanted)
    return ended(world.log("abort"), `run ${wanted} has ended; nothing was installed`);
  world.nameRun(stored.run);
  const run = Run.open(world, { ...held, stored: { ...stored, run: stored.run } }).at("abort");
  refuseAfterSwap(run.state, world); // the builder may have got there before it heard of us
  const { runId, release, phase } = run.state;
  // A run that failed by itself stays a failed one: why is what people look for later.
  const hasEnded = phase === "failed" || phase === "rolled-back";
  if (!hasEnded) await finishRun(run, "aborted");
  run.log.info({ release }, `removing ${release}`);
  await giveTtlsBack(run);
  const remove = () => tryToRemove(run, release, { isLeftover: true });
  const kept = await serving(run, remove, `removing ${release}`);
  if (kept instanceof RefusedError) throw kept;
  const how = hasEnded ? `had already ${phase === "failed" ? "failed" : "been rolled back"}` : "is aborted";
  const rest = kept ? `${release} stays for now` : `${release} is gone`;
  const outcome = `run ${runId} ${how}, ${rest}; ${await visitorsSee(run)}`;
  await giveWay(run);
  return ended(run.log, outcome);
}

function ended(log: Log, outcome: string): Ending {
  log.info({}, outcome);
  return { code: exitCodes.done, outcome };
}
