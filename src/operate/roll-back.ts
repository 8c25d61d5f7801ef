/** Points the public names back at the release that was live before, after probing it. */
import { finishRun } from "../actions/finish-run.ts";
import { visitorsSee } from "../actions/last-lines.ts";
import { probeRelease, readinessOf } from "../actions/probe-site.ts";
import { saveSwap, swapOf } from "../actions/change-dns.ts";
import { findHomes, undoSwap } from "../actions/put-back.ts";
import { readLive } from "../actions/read-live.ts";
import { markRelease } from "../actions/remove-release.ts";
import { verbCommand } from "../domain/commands.ts";
import { planUndo } from "../domain/dns-plan.ts";
import { isOurs } from "../domain/live.ts";
import { annotations } from "../domain/names.ts";
import { isAllReady } from "../domain/readiness.ts";
import { replacedBy, type RunState } from "../domain/run.ts";
import { exitCodes, RefusedError } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import { unfenced } from "../pipeline/guard.ts";
import type { Lock } from "../pipeline/lock.ts";
import { persist, retryOf } from "../pipeline/retry.ts";
import { pinnedSettings, Run } from "../pipeline/run.ts";
import { readState } from "../pipeline/state.ts";
import type { Task } from "../pipeline/task.ts";
import { taskOf, type World } from "../pipeline/world.ts";
import { keepingLock, takeOver } from "./hold-lock.ts";
import { serving } from "./serving.ts";

/** Remembered while the names are put back by an operator's word. */
const goingBack = {
  code: "ROLLED_BACK_BY_HAND",
  message: "an operator put the old records back",
  exitCode: exitCodes.failed,
};

/** Rolls the last swap back; returns what to tell the operator. Throws RefusedError when the old release is gone or sick. */
export async function rollBack(world: World, signal: AbortSignal): Promise<string> {
  const { run } = await readState(world, signal);
  const swapped = requireSwapped(run, world);
  // A builder at work is stopped only where there is a way back.
  if (!swapped.dns?.undoing) {
    const pinned = { ...world, settings: pinnedSettings(world, swapped) };
    await requirePrevious(taskOf(pinned, "rollback", unfenced, { signal }), swapped);
  }
  const lock = await takeOver(world, "rollback", swapped.runId, signal);
  return keepingLock(lock, signal, (held) => rollBackHeld(world, lock, held));
}

function requireSwapped(run: RunState | undefined, { builderNamespace }: World): RunState {
  const { startedAt, undoing, undoneAt } = run?.dns ?? {};
  // A rollback that was killed half way is begun again, until the run is closed as rolled back.
  const isHalfDone = undoing?.code === goingBack.code && run?.phase !== "rolled-back";
  if (run && startedAt !== undefined && (undoneAt === undefined || isHalfDone)) return run;
  const message = "the last run has not changed DNS: there is nothing to roll back";
  const hint = `to end a run before its swap:  ${verbCommand("abort", builderNamespace)}`;
  throw new RefusedError("NOTHING_TO_ROLL_BACK", message, { hint });
}

async function rollBackHeld(world: World, lock: Lock, signal: AbortSignal): Promise<string> {
  const stored = await readState(world, signal);
  const state = requireSwapped(stored.run, world);
  world.nameRun(state);
  const run = Run.open(world, { lock, signal, stored: { ...stored, run: state } }).at("rollback");
  const { release } = state;
  const goBack = async () => {
    if (!swapOf(run).undoing) {
      await requirePrevious(run, state);
      await saveSwap(run, { undoing: goingBack });
    }
    await undoSwap(run);
    await markRelease(run, release, { [annotations.replacedAt]: timestamp(run.clock) });
  };
  const what = `pointing the public names back at ${replacedBy(state).join(" and ")}`;
  await serving(run, () => persist(goBack, retryOf(run)), what);
  await finishRun(run, "rolled-back");
  return `rolled back: ${await visitorsSee(run)}; ${release} stays for a look`;
}

/** Throws RefusedError unless the release before is there and answers: the names get its addresses of today. */
async function requirePrevious(task: Task, run: RunState): Promise<void> {
  const { ports, settings } = task;
  const noWay = (why: string) =>
    new RefusedError("NO_WAY_BACK", `not rolled back: ${why}; nothing was changed`, {
      hint: `start a new rebuild instead:  ${verbCommand("run", settings.builderNamespace, "rebuild-1")}`,
    });
  const [previous, ...others] = replacedBy(run);
  if (previous === undefined || others.length > 0) throw noWay("no single release was live before");
  const namespace = await ports.cluster.findNamespace(previous);
  if (!namespace || namespace.terminating)
    throw noWay(`${previous} is gone (RETAIN_PREVIOUS keeps it for a while)`);
  // It may be the original builder's, where this one has had nothing to do so far.
  await ports.cluster.ensureAccess(previous);
  const { rivals, ...view } = await readinessOf(task, previous)();
  if (rivals.length > 0) throw noWay(`in ${previous} ${rivals.join("; ")}`);
  if (!isAllReady(view)) throw noWay(`${previous} is not ready: waiting for ${view.waiting.join("; ")}`);
  const seen = await probeRelease(task, previous);
  if (seen !== undefined) throw noWay(`${previous} does not answer for ${seen}`);
  const { releases, records, candidates } = await readLive(task);
  if (!candidates.some((candidate) => candidate.name === previous && isOurs(candidate, settings)))
    throw noWay(`neither the labels of ${previous} nor its contents show that it is ${run.environment}'s`);
  // Names that point at the previous release already only have to be written down as such.
  const isBack = releases.join() === previous;
  const before = await findHomes({ ...task, state: run }, settings.mappings);
  const { written = [] } = run.dns ?? {};
  const changes = planUndo({ mappings: settings.mappings, before, current: records, written });
  const live = releases.join(", ") || "nothing of ours";
  if (!isBack && changes.length === 0)
    throw noWay(`the public names don't point at ${run.release} but at ${live}`);
}
