/** Removes what earlier runs left, now. */
import { removeLeftovers } from "../actions/leftovers.ts";
import { judgeLeftovers, readSurroundings } from "../actions/read-live.ts";
import { isOver, replacedBy } from "../domain/run.ts";
import type { Fence } from "../pipeline/guard.ts";
import { underClaim } from "../pipeline/requests.ts";
import { readState } from "../pipeline/state.ts";
import { ask, taskOf, type World } from "../pipeline/world.ts";
import { keepingLock, newLock } from "./hold-lock.ts";
import { refuseInSwap } from "./update-live.ts";

/**
 * Removes every failed build, what was kept past its time, and half-deleted namespaces; returns the names. While a
 * builder is at work its run's own releases are left alone; everything else stands behind the same interlocks. Throws
 * RefusedError while a builder swaps or deletes.
 */
export async function cleanUp(world: World, signal: AbortSignal): Promise<string[]> {
  const lock = newLock(world, "cleanup");
  const acquired = await ask(world, () => lock.acquire(signal), signal);
  if (acquired.kind === "held")
    return keepingLock(lock, signal, (held) => sweep(world, lock, held), { keepsRequests: true });
  const { holder } = acquired;
  return underClaim(world, "cleanup", async (fence) => {
    await refuseInSwap(world, signal);
    world.log("cleanup").info({ holder }, `${holder} is at work; its run is left alone`);
    return sweep(world, fence, signal);
  });
}

async function sweep(world: World, fence: Fence, signal: AbortSignal): Promise<string[]> {
  const task = taskOf(world, "cleanup", fence, { signal });
  const { run } = await readState(world, signal);
  const inUse = run && !isOver(run.phase) ? [...replacedBy(run), run.release] : [];
  const { removed } = await removeLeftovers(task, inUse);
  // Whoever cleans up looks for something that is still there: each release that stays is named with the reason.
  for (const { name, stays } of judgeLeftovers(await readSurroundings(task), inUse))
    if (stays !== undefined) task.log.info({}, `${name} stays: ${stays}`);
  return removed;
}
