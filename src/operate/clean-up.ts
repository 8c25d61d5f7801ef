/** Removes what earlier runs left, now. */
import { removeLeftovers } from "../actions/leftovers.ts";
import { judgeLeftovers, readForDeletion } from "../actions/read-live.ts";
import { isOver, releasesOf } from "../domain/run.ts";
import { readState } from "../pipeline/state.ts";
import { taskOf, type World } from "../pipeline/world.ts";
import { type Beside, besideBuilder } from "./hold-lock.ts";

/**
 * Removes every failed build, what was kept past its time, and half-deleted namespaces; returns the names. While a
 * builder is at work its run's own releases are left alone; everything else stands behind the same interlocks. Throws
 * RefusedError while a builder swaps or deletes.
 */
export function cleanUp(world: World, signal: AbortSignal): Promise<string[]> {
  return besideBuilder(world, "cleanup", signal, (beside) => sweep(world, beside));
}

async function sweep(world: World, { fence, signal, holder }: Beside): Promise<string[]> {
  const task = taskOf(world, "cleanup", fence, { signal });
  if (holder !== undefined) task.log.info({ holder }, `${holder} is at work; its run is left alone`);
  const { run } = await readState(world, signal);
  const inUse = run && !isOver(run.phase) ? releasesOf(run) : [];
  const { removed } = await removeLeftovers(task, inUse);
  // Whoever cleans up looks for something that is still there: each release that stays is named with the reason.
  for (const { name, stays } of judgeLeftovers(await readForDeletion(task), inUse))
    if (stays !== undefined) task.log.info({}, `${name} stays: ${stays}`);
  return removed;
}
