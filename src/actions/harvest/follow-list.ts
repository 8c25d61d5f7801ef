/** Follows a running job list to its end, or until it is clear that it won't get there by itself. */
import { fingerprint, isListOver } from "../../domain/harvest-progress.ts";
import type { HarvestList } from "../../domain/harvest.ts";
import { retryLeftovers } from "../leftovers.ts";
import { type Follower, StallClock } from "./follower.ts";
import type { Reporter } from "./progress.ts";

/** How long the list must be missing to make a lost database, in poll intervals: a proxy may have a bad minute. */
const missingIntervals = 3;
/** How long nothing may move before a restart of the harvester is looked for, and between two such looks. */
const idleIntervals = 3;
const lookIntervals = 10;
/** How long the running job must stand still after a restart to count as dead. */
const standstillIntervals = 5;

/**
 * Polls until the list is over. Resolves to `wedged` when the harvester died in the middle of a job: its list stays
 * Running for ever. Throws TimeoutError HARVEST_STALLED or HARVEST_TIMEOUT, PermanentError DATABASE_LOST.
 */
export async function followList(
  follower: Follower,
  report: Reporter,
): Promise<{ kind: "over" | "wedged"; list: HarvestList }> {
  const { run, name } = follower;
  const { clock, signal, settings, ports, state } = run;
  const { pollIntervalMs } = settings.harvest;
  const stall = new StallClock(follower);
  let missingSince: number | undefined;
  let lookedAt = -Infinity;
  for (;;) {
    const list = await ports.harvester.findList(state.release, name);
    const now = clock.monotonic();
    if (list) {
      missingSince = undefined;
      const records = await report(list);
      if (isListOver(list)) return { kind: "over", list };
      stall.advance(fingerprint(list, records), list);
      const isDue =
        stall.idleMs >= idleIntervals * pollIntervalMs && now - lookedAt >= lookIntervals * pollIntervalMs;
      if (isDue) {
        lookedAt = now;
        if (await isWedged(follower, list)) return { kind: "wedged", list };
      }
    } else {
      missingSince ??= now;
      if (now - missingSince >= missingIntervals * pollIntervalMs)
        throw follower.databaseLost("the harvester no longer knows the list");
    }
    follower.assertInTime(list);
    await retryLeftovers(run, { onlyDue: true });
    await clock.sleep(pollIntervalMs, signal);
  }
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
  log.warn({}, "the harvester has restarted since the list last moved; looking whether its job still does");
  const job = list.jobs[list.currentJob ?? 0];
  const look = async () => {
    const now = await ports.harvester.findList(state.release, name);
    const execution = job && (await ports.harvester.findExecution(state.release, job.id));
    return [now && fingerprint(now, undefined), JSON.stringify(execution)].join();
  };
  const first = await look();
  const { pollIntervalMs } = settings.harvest;
  const began = clock.monotonic();
  while (clock.monotonic() - began < standstillIntervals * pollIntervalMs) {
    await clock.sleep(pollIntervalMs, signal);
    if ((await look()) === first) continue;
    await follower.save({ pod });
    return false;
  }
  return true;
}
