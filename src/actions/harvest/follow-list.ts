/** Follows a running job list to its end, or until it is clear that it won't get there by itself. */
import { fingerprint, isListOver, isUnderWay } from "../../domain/harvest-progress.ts";
import type { HarvestList } from "../../domain/harvest.ts";
import { retryLeftovers } from "../leftovers.ts";
import type { Follower } from "./follower.ts";
import type { Reporter } from "./progress.ts";
import { replaceDoubted } from "./replace-pod.ts";
import { StallClock } from "./stall-clock.ts";

/** How long nothing may move before a restart of the harvester is looked for, and between two such looks. */
export const idleIntervals = 3;
const lookIntervals = 10;
/** How long the running job must stand still after a restart to count as dead. */
const standstillIntervals = 5;
/** How long the last job of a list may take to end after the list has: it is called Completed a moment before. */
const settleMs = 60_000;
const settleLookMs = 1_000;

/**
 * Polls until the list is over. Resolves to `wedged` when its job has died: the list stays Running for ever. Throws
 * TimeoutError HARVEST_STALLED or HARVEST_TIMEOUT, PermanentError DATABASE_LOST.
 */
export async function followList(
  follower: Follower,
  report: Reporter,
): Promise<{ kind: "over" | "wedged"; list: HarvestList }> {
  const { clock, signal, settings } = follower.run;
  const { pollIntervalMs } = settings.harvest;
  const stall = new StallClock(follower);
  let lookedAt = -Infinity;
  for (;;) {
    const list = await follower.requireList();
    const now = clock.monotonic();
    const records = await report(list);
    if (isListOver(list)) return { kind: "over", list: await settledList(follower, report, list) };
    await stall.advance(fingerprint(list, records));
    const { idleMs } = stall;
    const isReplaced = await replaceDoubted(follower, { list, position: undefined, idleMs });
    const isDue =
      idleMs >= idleIntervals * pollIntervalMs && now - lookedAt >= lookIntervals * pollIntervalMs;
    if (isReplaced || isDue) {
      lookedAt = now;
      if (await isWedged(follower, list)) return { kind: "wedged", list };
      if (isReplaced) stall.restart();
    }
    follower.assertInTime(list);
    await retryLeftovers(follower.run, { onlyDue: true });
    await clock.sleep(pollIntervalMs, signal);
  }
}

/** The list once its last job has ended too. What is under way even then is followed on its own. */
async function settledList(follower: Follower, report: Reporter, list: HarvestList): Promise<HarvestList> {
  const { clock, signal } = follower.run;
  const began = clock.monotonic();
  let settled = list;
  while (settled.jobs.some(isUnderWay) && clock.monotonic() - began < settleMs) {
    await clock.sleep(settleLookMs, signal);
    settled = await follower.requireList();
    await report(settled);
  }
  return settled;
}

/**
 * Whether the list will not move again: the harvester's pod is another one, or has restarted, since it was last seen
 * moving, and the job that should be running stands still. A job in a new pod that does move is a list that went on.
 */
async function isWedged(follower: Follower, list: HarvestList): Promise<boolean> {
  const { run, name } = follower;
  const { clock, signal, log, ports, settings, state } = run;
  if (!(await follower.hasDied())) return false;
  const pod = await follower.pod();
  log.warn({}, "the harvester has restarted since the list last moved; checking whether its job still runs");
  const job = list.jobs[list.currentJob ?? 0];
  const look = async () => {
    const now = await ports.harvester.findList(state.release, name);
    const execution = job && (await ports.harvester.findExecution(state.release, job.id));
    return [now && fingerprint(now, undefined), JSON.stringify(execution)].join();
  };
  const first = await look();
  const { pollIntervalMs } = settings.harvest;
  let [began, aways] = [clock.monotonic(), follower.aways];
  while (clock.monotonic() - began < standstillIntervals * pollIntervalMs) {
    await clock.sleep(pollIntervalMs, signal);
    if ((await look()) !== first) {
      await follower.save({ pod, awayAt: undefined });
      return false;
    }
    if (follower.aways !== aways) [began, aways] = [clock.monotonic(), follower.aways];
  }
  return true;
}
