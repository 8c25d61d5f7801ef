/** Removes what earlier runs left, now. */
import { recordedReleases } from "../domain/history.ts";
import { isOver } from "../pipeline/run-document.ts";
import { patiently } from "../pipeline/patience.ts";
import type { Ports } from "../ports/index.ts";
import { evidenceOf } from "../steps/keep-evidence.ts";
import { readLive } from "../steps/read-live.ts";
import { type LeftoverScope, removeLeftovers, whyItStays } from "../steps/remove-leftovers.ts";
import { usedBy } from "../steps/remove-release.ts";
import { unfencedPorts } from "../rebuild/guards.ts";
import { readState } from "../rebuild/read-state.ts";
import { stateKeeper } from "../rebuild/state-keeper.ts";
import { keepingLock, tryLock } from "../rebuild/with-lock.ts";
import type { World } from "../rebuild/world.ts";

/**
 * Removes every failed build, what was kept past its time, and half-deleted namespaces; returns the names. While a
 * builder is at work its run's own releases are left alone; everything else stands behind the same interlocks.
 */
export async function cleanUp(world: World, signal: AbortSignal): Promise<string[]> {
  const lock = await tryLock(world, "cleanup", signal);
  if (!("holder" in lock))
    return keepingLock(world, lock, signal, (ports, held) => sweep(world, ports, held), []);
  world.log("cleanup").info({ holder: lock.holder }, `${lock.holder} is at work; its run is left alone`);
  return sweep(world, unfencedPorts(world, signal), signal);
}

async function sweep(world: World, ports: Ports, signal: AbortSignal): Promise<string[]> {
  const { clock, settings } = world;
  const log = world.log("cleanup");
  const patience = { clock, log, budgetMs: settings.retryTimeoutMs };
  const stored = await patiently(() => readState(world), patience, signal);
  const { run, history, attachments } = stored;
  const inUse = run && !isOver(run.phase) ? usedBy(run) : new Set<string>();
  const recorded = new Set([...recordedReleases(history), ...(run ? usedBy(run) : [])]);
  const keeper = stateKeeper(world.store, attachments);
  const onRemoving = evidenceOf(ports.cluster, keeper, { clock, log });
  const scope = { inUse, recorded };
  const removed = await removeLeftovers(ports, settings, scope, { clock, log, signal, onRemoving });
  await sayWhatStays(world, ports, scope);
  return removed;
}

/** Whoever cleans up looks for something that is still there: each release that stays is told with the reason. */
async function sayWhatStays(
  { settings, clock, log }: World,
  ports: Ports,
  scope: LeftoverScope,
): Promise<void> {
  const { environment, mappings } = settings;
  const { namespaces, releases: live } = await readLive(ports, environment, mappings);
  const now = new Date(clock.now()).toISOString();
  for (const namespace of namespaces) {
    const why = whyItStays(namespace, { environment, now, live, scope });
    if (why !== undefined) log("cleanup").info({}, `${namespace.name} stays: ${why}`);
  }
}
