import type { RunState } from "../domain/run-state.ts";
import { messageOf } from "../errors.ts";
import type { Checkpoint } from "../pipeline/checkpoint.ts";
import type { Lock } from "../pipeline/lock.ts";
import { evidenceOf } from "../steps/keep-evidence.ts";
import { removalOf, removeRelease } from "../steps/remove-release.ts";
import { fencedPorts } from "./guards.ts";
import { contextFor } from "./step-context.ts";
import type { World } from "./world.ts";

/** KEEP_FAILED=0: a failed build is not kept for a look. What hinders its removal is told and left to the next run. */
export async function dropFailed(
  world: World,
  lock: Lock,
  checkpoint: Checkpoint<RunState>,
  signal: AbortSignal,
): Promise<void> {
  const { run } = checkpoint;
  const { settings } = world;
  if (settings.keepFailedMs > 0 || run.phase !== "failed" || run.dns?.startedAt !== undefined) return;
  const log = world.log("cleanup");
  try {
    log.info({ release: run.release }, `removing ${run.release} (KEEP_FAILED is 0)`);
    const ports = fencedPorts(world, lock, signal);
    const context = contextFor(world, checkpoint, "cleanup", signal);
    const onRemoving = evidenceOf(ports.cluster, context, context);
    await removeRelease(ports, removalOf(settings, run, run.release), { ...context, onRemoving });
  } catch (error) {
    log.warn({}, `${run.release} stays until the next run: ${messageOf(error)}`);
  }
}
