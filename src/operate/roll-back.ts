/** Points the public names back at the release that was live before, after probing it. */
import { addToHistory } from "../domain/history.ts";
import { addressRecord } from "../domain/dns-plan.ts";
import { verbCommand } from "../domain/commands.ts";
import { annotations } from "../domain/names.ts";
import { isAllReady, judgeReadiness } from "../domain/readiness.ts";
import { RefusedError } from "../errors.ts";
import type { Lock } from "../pipeline/lock.ts";
import { patiently } from "../pipeline/patience.ts";
import type { Ports } from "../ports/index.ts";
import { settlePending } from "../steps/dns/send-change.ts";
import { swapMemory } from "../steps/dns/swap-memory.ts";
import { undoSwap } from "../steps/dns/undo-swap.ts";
import { markRelease } from "../steps/mark-release.ts";
import { notifyOnce } from "../steps/notify-once.ts";
import { readLive } from "../steps/read-live.ts";
import { targetsOf } from "../steps/verify-release.ts";
import { checkpointOf } from "../rebuild/checkpoint-of.ts";
import { unfencedPorts } from "../rebuild/guards.ts";
import { historyEntry } from "../rebuild/history-entry.ts";
import { keepReport } from "../rebuild/keep-report.ts";
import { readState, type Run } from "../rebuild/read-state.ts";
import { contextFor } from "../rebuild/step-context.ts";
import { takeOver } from "./take-over.ts";
import { keepingLock } from "../rebuild/with-lock.ts";
import { worldOfRun } from "../rebuild/world-of-run.ts";
import { requestKinds, type World } from "../rebuild/world.ts";

/** Remembered while the names are put back by an operator's word. */
const goingBack = {
  kind: "failed" as const,
  code: "ROLLED_BACK_BY_HAND",
  message: "an operator had the old records put back",
  details: [],
};

/** Rolls the last swap back; returns the release that is live again. Throws RefusedError when it is gone or sick. */
export async function rollBack(world: World, signal: AbortSignal): Promise<string> {
  const { clock, settings } = world;
  const patience = { clock, log: world.log("rollback"), budgetMs: settings.retryTimeoutMs };
  const { run } = await patiently(() => readState(world), patience, signal);
  const swapped = requireSwapped(run, world);
  const { runId, dns } = swapped;
  // A builder at work is stopped only where there is a way back.
  if (!dns?.undoing)
    await requirePrevious(unfencedPorts(world, signal), worldOfRun(world, swapped).settings, swapped);
  const lock = await takeOver(world, { kind: requestKinds.rollback, runId }, signal);
  return keepingLock(world, lock, signal, (ports, held) => rollBackHeld(world, lock, ports, held));
}

function requireSwapped(run: Run | undefined, { builderNamespace }: World): Run {
  const { startedAt, undoing, undoneAt } = run?.dns ?? {};
  // A rollback that was killed half way is begun again, until the run is closed as rolled back.
  const isHalfDone = undoing?.code === goingBack.code && run?.phase !== "rolled-back";
  if (run && startedAt !== undefined && (undoneAt === undefined || isHalfDone)) return run;
  throw new RefusedError(
    "NOTHING_TO_ROLL_BACK",
    "the last run has not changed DNS: there is nothing to roll back",
    {
      hint: `to end a run before its swap:  ${verbCommand("abort", builderNamespace)}`,
    },
  );
}

async function rollBackHeld(given: World, lock: Lock, ports: Ports, signal: AbortSignal): Promise<string> {
  const { clock } = given;
  const patience = { clock, log: given.log("rollback"), budgetMs: given.settings.retryTimeoutMs };
  const stored = await patiently(() => readState(given), patience, signal);
  const run = requireSwapped(stored.run, given);
  given.nameRun(run);
  const world = worldOfRun(given, run);
  const { settings } = world;
  const before = (run.previous ?? []).filter((name) => name !== run.release).join(", ");
  const previous = run.dns?.undoing ? before : await requirePrevious(ports, settings, run);
  const checkpoint = checkpointOf(world, lock, run, stored, signal);
  const context = contextFor(world, checkpoint, "rollback", signal);
  const memory = swapMemory(run, context);
  if (!memory.get().undoing) await memory.save({ undoing: goingBack });
  await settlePending(ports.dns, settings, memory, context);
  await undoSwap(ports, settings, run, memory, context);
  await markRelease(ports.cluster, run.release, {
    [annotations.replacedAt]: new Date(clock.now()).toISOString(),
  });
  const finishedAt = run.finishedAt ?? new Date(clock.now()).toISOString();
  const ended = { ...checkpoint.run, phase: "rolled-back" as const, finishedAt };
  await checkpoint.setPhase(
    "rolled-back",
    signal,
    { finishedAt },
    addToHistory(stored.history, historyEntry(ended)),
  );
  await keepReport(world, checkpoint, signal);
  const text = `rolled back: the public names point at ${previous} again; ${run.release} stays for a look`;
  await ports.notifier.announce({ type: "Warning", reason: "RolledBack", message: text });
  await notifyOnce(
    { notifier: world.ports.notifier, clock, save: (patch) => context.save(patch) },
    checkpoint.run,
    "rolled-back",
    text,
  );
  return text;
}

/** The release before, if it is there, holds the addresses of the old records, and answers. Throws RefusedError else. */
async function requirePrevious(ports: Ports, settings: World["settings"], run: Run): Promise<string> {
  const noWay = (why: string) => sick(why, settings.builderNamespace);
  const names = (run.previous ?? []).filter((name) => name !== run.release);
  const [previous, ...others] = names;
  if (previous === undefined || others.length > 0) throw noWay("no single release was live before");
  const namespace = await ports.cluster.findNamespace(previous);
  if (!namespace || namespace.terminating)
    throw noWay(`${previous} is gone (RETAIN_PREVIOUS keeps it for a while)`);
  // It may be the original builder's, where this one has had nothing to do so far.
  await ports.cluster.ensureAccess(previous);
  const view = judgeReadiness(
    await ports.cluster.observe(previous),
    settings.mappings.map(({ service }) => service),
  );
  if (!isAllReady(view)) throw noWay(`${previous} is not ready: waiting for ${view.waiting.join("; ")}`);
  const before = run.dns?.before ?? [];
  const moved = settings.mappings.filter(
    (mapping) => addressRecord(before, mapping)?.rrdatas[0] !== view.addresses[mapping.service],
  );
  if (moved.length > 0)
    throw noWay(
      `the old records of ${moved.map(({ name }) => name).join(", ")} are no longer ${previous}'s addresses`,
    );
  for (const target of targetsOf(settings, previous)) {
    const probe = await ports.site.probe(target);
    if (!probe.ok) throw noWay(`${previous} does not answer for ${target.host}: ${probe.seen}`);
  }
  const { releases } = await readLive(ports, settings.environment, settings.mappings);
  if (!releases.includes(run.release))
    throw noWay(
      `the public names don't point at ${run.release} but at ${releases.join(", ") || "nothing of ours"}`,
    );
  return previous;
}

function sick(why: string, namespace: string | undefined): RefusedError {
  return new RefusedError("NO_WAY_BACK", `not rolled back: ${why}; nothing was changed`, {
    hint: `a new rebuild is the way then:  ${verbCommand("run", namespace, "rebuild-1")}`,
  });
}
