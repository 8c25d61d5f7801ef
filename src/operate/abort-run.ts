/** Ends a run in any state before its swap: asks a living builder to stop, then removes what the run made. */
import { verbCommand } from "../domain/commands.ts";
import { addToHistory } from "../domain/history.ts";
import type { RunState } from "../domain/run-state.ts";
import { type ExitCode, exitCodes, RefusedError } from "../errors.ts";
import type { Checkpoint } from "../pipeline/checkpoint.ts";
import type { Lock } from "../pipeline/lock.ts";
import { patiently, type Patience } from "../pipeline/patience.ts";
import { isOver } from "../pipeline/run-document.ts";
import type { Ports } from "../ports/index.ts";
import { notifyOnce } from "../steps/notify-once.ts";
import { evidenceOf } from "../steps/keep-evidence.ts";
import { removalOf, removeRelease } from "../steps/remove-release.ts";
import { checkpointOf } from "../rebuild/checkpoint-of.ts";
import { giveTtlsBack } from "../rebuild/give-ttls-back.ts";
import { historyEntry } from "../rebuild/history-entry.ts";
import { keepReport } from "../rebuild/keep-report.ts";
import { readState, type Run } from "../rebuild/read-state.ts";
import { contextFor } from "../rebuild/step-context.ts";
import { takeOver } from "./take-over.ts";
import { keepingLock } from "../rebuild/with-lock.ts";
import { worldOfRun } from "../rebuild/world-of-run.ts";
import { requestKinds, type World } from "../rebuild/world.ts";

/** Aborts the run of this environment; returns the exit code. Throws RefusedError once DNS was changed. */
export async function abortRun(world: World, signal: AbortSignal): Promise<ExitCode> {
  const { clock, settings } = world;
  const patience: Patience = { clock, log: world.log("abort"), budgetMs: settings.retryTimeoutMs };
  const log = world.log("abort");
  const { run } = await patiently(() => readState(world), patience, signal);
  if (!run || !(await hasSomethingToAbort(world, run))) {
    log.info({}, "nothing to abort: no run is under way, and no failed one has left anything");
    return exitCodes.done;
  }
  refuseAfterSwap(run, world);
  const lock = await takeOver(world, { kind: requestKinds.abort, runId: run.runId }, signal).catch(
    async (error: unknown) => {
      // A builder that has begun its swap obeys no abort: that it was not heard is not what to tell then.
      const { run: now } = await patiently(() => readState(world), patience, signal);
      if (now?.runId === run.runId) refuseAfterSwap(now, world);
      throw error;
    },
  );
  return keepingLock(world, lock, signal, (ports, held) => removeAndClose(world, lock, ports, held));
}

/** A run that is not over, or one that failed before its swap and whose release is still there. */
async function hasSomethingToAbort({ ports }: World, run: Run): Promise<boolean> {
  if (!isOver(run.phase)) return true;
  if (run.phase !== "failed" && run.phase !== "aborted") return false;
  if (run.dns?.swappedAt !== undefined && run.dns.undoneAt === undefined) return false;
  return (await ports.cluster.findNamespace(run.release)) !== undefined;
}

function refuseAfterSwap(run: Run, { builderNamespace }: World): void {
  const { startedAt, undoneAt } = run.dns ?? {};
  if (startedAt === undefined || undoneAt !== undefined) return;
  throw new RefusedError(
    "ABORT_TOO_LATE",
    `run ${run.runId} has changed DNS already: ${run.release} may be live`,
    {
      hint: `to go back to the previous release:  ${verbCommand("rollback", builderNamespace)}`,
    },
  );
}

async function removeAndClose(
  given: World,
  lock: Lock,
  ports: Ports,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { clock } = given;
  const log = given.log("abort");
  const patience: Patience = { clock, log, budgetMs: given.settings.retryTimeoutMs };
  const stored = await patiently(() => readState(given), patience, signal);
  const { run } = stored;
  if (!run) return exitCodes.done;
  given.nameRun(run);
  const world = worldOfRun(given, run);
  const { settings } = world;
  refuseAfterSwap(run, world); // the builder may have got there before it heard of us
  const checkpoint = checkpointOf(world, lock, run, stored, signal);
  // A run that failed by itself stays a failed one: why is what people look for later.
  const failed = run.phase === "failed";
  if (!failed) {
    const finishedAt = run.finishedAt ?? new Date(clock.now()).toISOString();
    const history = addToHistory(stored.history, historyEntry({ ...run, phase: "aborted", finishedAt }));
    await checkpoint.setPhase("aborted", signal, { finishedAt }, history);
    await keepReport(world, checkpoint, signal);
  }
  log.info({ release: run.release }, `removing ${run.release}`);
  await giveTtlsBack(world, lock, checkpoint);
  await ports.releases.stopLeftovers(run.release);
  const context = contextFor(world, checkpoint, "abort", signal);
  const onRemoving = evidenceOf(ports.cluster, context, context);
  await removeRelease(ports, removalOf(settings, run, run.release), { ...context, onRemoving });
  if (!failed) await tellAborted(world, checkpoint, signal);
  const live = run.previous?.filter((name) => name !== run.release).join(" and ") ?? "";
  const ended = failed ? "had failed already" : "is aborted";
  log.info({}, `run ${run.runId} ${ended}, ${run.release} is gone${live && `; live is still ${live}`}`);
  return exitCodes.done;
}

async function tellAborted(
  { ports: { notifier }, clock }: World,
  checkpoint: Checkpoint<RunState>,
  signal: AbortSignal,
): Promise<void> {
  const save = (patch: Partial<RunState>) => checkpoint.save(patch, signal);
  const { run } = checkpoint;
  await notifyOnce({ notifier, clock, save }, run, "aborted", `run ${run.runId} was aborted`);
}
