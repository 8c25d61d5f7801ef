/** Follows a running job list to its end, or until it is clear that it won't get there by itself. */
import type { Settings } from "../../config/settings.ts";
import type { HarvestList } from "../../domain/harvest.ts";
import { currentJob, fingerprint, isListOver } from "../../domain/harvest-progress.ts";
import type { RunState } from "../../domain/run-state.ts";
import { duration } from "../../domain/words.ts";
import { TimeoutError } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import { harvesterPod } from "./harvester-pod.ts";
import type { ListMemory } from "./list-memory.ts";
import type { ProgressReporter } from "./progress.ts";
import { databaseLost } from "./start-list.ts";

/** How many answers in a row without the list make a lost database: a proxy may have a bad minute. */
const missesThatCount = 3;
/** How many polls without any movement before a restart of the harvester's pod is looked for. */
const idlePollsBeforeLook = 3;
/** How many polls lie between two such looks: each costs the API server a question. */
const pollsBetweenLooks = 10;
/** How many further polls the running job must stand still after a restart to count as dead. */
const pollsOfStandstill = 5;

/** A stall clock: counts only the time between two answers, so an outage is never a stall. */
export interface StallClock {
  idleMs: number;
  idlePolls: number;
  seen: string;
}

export function newStallClock(): StallClock {
  return { idleMs: 0, idlePolls: 0, seen: "" };
}

/** Advances the clock by one answered poll. */
export function advance(clock: StallClock, seen: string, intervalMs: number): StallClock {
  if (seen !== clock.seen) return { ...newStallClock(), seen };
  return { seen, idleMs: clock.idleMs + intervalMs, idlePolls: clock.idlePolls + 1 };
}

/**
 * Polls until the list is over. Resolves to `wedged` when the harvester died in the middle of a job: its list stays
 * Running for ever (facts.md, 5). Throws TimeoutError HARVEST_STALLED or HARVEST_TIMEOUT, PermanentError DATABASE_LOST.
 */
export async function followList(
  { harvester, cluster }: Pick<Ports, "harvester" | "cluster">,
  settings: Settings["harvest"],
  { release, deadline }: { release: string; deadline: number },
  memory: ListMemory,
  reporter: ProgressReporter,
  context: StepContext<RunState>,
): Promise<{ kind: "over" | "wedged"; list: HarvestList }> {
  const { clock, signal } = context;
  let stall = newStallClock();
  let misses = 0;
  let pollsSinceLook = pollsBetweenLooks;
  for (;;) {
    const list = await harvester.findList(release, memory.name);
    misses = list ? 0 : misses + 1;
    if (misses >= missesThatCount)
      throw databaseLost(release, memory.name, "the harvester no longer knows the list");
    if (list) {
      const records = await reporter.report(list);
      if (isListOver(list)) return { kind: "over", list };
      stall = advance(stall, fingerprint(list, records), settings.pollIntervalMs);
      pollsSinceLook += 1;
      if (stall.idlePolls >= idlePollsBeforeLook && pollsSinceLook >= pollsBetweenLooks) {
        pollsSinceLook = 0;
        if (await isWedged({ harvester, cluster }, settings, release, list, memory, context)) {
          return { kind: "wedged", list };
        }
      }
      assertMoving(list, stall, settings, release, memory.name);
    }
    if (clock.now() >= deadline) throw timedOut(settings, release, list);
    await clock.sleep(settings.pollIntervalMs, signal);
  }
}

/**
 * Whether the list will not move again: the harvester's pod is another one, or has restarted, since it was last seen
 * moving, and the job that should be running stands still. A job in a new pod that does move is a list that went on.
 */
async function isWedged(
  { harvester, cluster }: Pick<Ports, "harvester" | "cluster">,
  { pollIntervalMs }: Settings["harvest"],
  release: string,
  list: HarvestList,
  memory: ListMemory,
  { clock, signal, log }: StepContext<RunState>,
): Promise<boolean> {
  const pod = await harvesterPod(cluster, release);
  if (pod === "" || !memory.get().pod || pod === memory.get().pod) return false;
  log.warn({}, "the harvester has restarted since the list last moved; looking whether its job still does");
  const look = async () => {
    const now = await harvester.findList(release, memory.name);
    const job = list.jobs[list.currentJob ?? 0];
    return [
      now && fingerprint(now, undefined),
      JSON.stringify(job && (await harvester.findExecution(release, job.id))),
    ].join();
  };
  const first = await look();
  for (let polls = 0; polls < pollsOfStandstill; polls += 1) {
    await clock.sleep(pollIntervalMs, signal);
    if ((await look()) === first) continue;
    await memory.save({ pod });
    return false;
  }
  return true;
}

export function assertMoving(
  list: HarvestList,
  { idleMs }: StallClock,
  { stallTimeoutMs }: Settings["harvest"],
  release: string,
  name: string,
): void {
  if (idleMs < stallTimeoutMs) return;
  const seen = currentJob(list);
  const where = seen
    ? `job ${seen.position} of ${list.jobs.length}, ${seen.job.identifier} (${seen.job.status ?? "not started"})`
    : `status ${list.status ?? "absent"}`;
  throw new TimeoutError(
    "HARVEST_STALLED",
    `list ${name} has not moved for ${duration(idleMs)}; last seen: ${where}`,
    {
      hint: `look:  kubectl logs -n ${release} deploy/harvester`,
    },
  );
}

export function timedOut(
  { timeoutMs }: Settings["harvest"],
  release: string,
  list: HarvestList | undefined,
): TimeoutError {
  const seen = list && currentJob(list);
  const where = seen
    ? `job ${seen.position} of ${list.jobs.length}, ${seen.job.identifier}`
    : "no running job";
  return new TimeoutError(
    "HARVEST_TIMEOUT",
    `the harvest is not over after ${duration(timeoutMs)}; last seen: ${where}`,
    {
      hint: `look:  kubectl logs -n ${release} deploy/harvester; a longer HARVEST_TIMEOUT is a setting`,
    },
  );
}
