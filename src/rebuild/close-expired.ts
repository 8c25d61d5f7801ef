/** Closes a run whose time is over, before another begins in its place: like any other that failed. */
import type { Lock } from "../pipeline/lock.ts";
import { patiently } from "../pipeline/patience.ts";
import { checkpointOf } from "./checkpoint-of.ts";
import { tellOutcome } from "./close-run.ts";
import { giveTtlsBack } from "./give-ttls-back.ts";
import { keepReport } from "./keep-report.ts";
import type { OpenedRun } from "./open-run.ts";
import { readState, type ReadState } from "./read-state.ts";
import { worldOfRun } from "./world-of-run.ts";
import type { World } from "./world.ts";

/** Writes down that the run failed, gives lowered TTLs back, tells of it; returns the state to begin the next one on. */
export async function closeExpired(
  given: World,
  lock: Lock,
  { expired, history }: OpenedRun,
  stored: ReadState,
  signal: AbortSignal,
): Promise<ReadState> {
  if (!expired) return stored;
  const world = worldOfRun(given, expired);
  const { clock, settings } = world;
  const checkpoint = checkpointOf(world, lock, expired, stored, signal);
  await checkpoint.setPhase("failed", signal, {}, history);
  await giveTtlsBack(world, lock, checkpoint);
  await keepReport(world, checkpoint, signal);
  await tellOutcome(world, checkpoint, signal);
  const patience = { clock, log: world.log(), budgetMs: settings.retryTimeoutMs };
  return patiently(() => readState(world), patience, signal);
}
