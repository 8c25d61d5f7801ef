/**
 * Makes certain that what stands still is dead, before anything is run beside it: time alone can't tell a thread that died
 * (the database was away as a step ended) from a long download. In a new pod nothing of the old one is at work.
 */
import { currentJob } from "../../domain/harvest-progress.ts";
import type { HarvestList } from "../../domain/harvest.ts";
import { duration } from "../../domain/words.ts";
import { TimeoutError } from "../../errors.ts";
import { waitFor } from "../../pipeline/wait.ts";
import type { Follower } from "./follower.ts";

/** What stands still, and for how long. */
export interface Standstill {
  list: HarvestList;
  /** The position of the job that should be moving, from 0. */
  position: number | undefined;
  idleMs: number;
}

/**
 * Replaces the harvester's pod where a standstill has lasted so long that the harvester's job may be dead; whether it did. Throws
 * TimeoutError HARVEST_STALLED at the second standstill of HARVEST_STALL_TIMEOUT.
 */
export async function replaceDoubted(follower: Follower, standstill: Standstill): Promise<boolean> {
  const { run, name, state } = follower;
  const { wedgeTimeoutMs, stallTimeoutMs } = run.settings.harvest;
  const { idleMs } = standstill;
  const wasAway = state.awayAt !== undefined && idleMs >= wedgeTimeoutMs;
  if (!wasAway && idleMs < stallTimeoutMs) return false;
  // A new pod was seen already: that is certain enough.
  if (await follower.hasDied()) return true;
  const { job = "" } = whereOf(standstill);
  if (!wasAway) await requireFirst(follower, standstill);
  const pod = await follower.findPod();
  if (!pod) return false;
  const why = wasAway ? "the harvester was away meanwhile" : "the harvester's job may be dead";
  run.log.warn({}, `list ${name} has stalled for ${duration(idleMs)}, and ${why}; replacing its pod`);
  await follower.save({
    pod: pod.life,
    replacing: { pod: pod.name, uid: pod.uid },
    ...(!wasAway && { stalledAt: job }),
  });
  await finishReplacing(follower);
  return true;
}

/** Carries out a replacement that was begun, by an earlier builder too. Throws TimeoutError PODS_TIMEOUT. */
export async function finishReplacing(follower: Follower): Promise<void> {
  const { run, state } = follower;
  const { release } = run.state;
  const { replacing } = state;
  if (!replacing) return;
  await run.ports.cluster.deletePod(release, replacing.pod, replacing.uid);
  await waitFor(
    {
      code: "PODS_TIMEOUT",
      what: "the harvester's new pod is not ready",
      timeoutMs: run.settings.podsTimeoutMs,
      hint: `look:  kubectl describe pod -n ${release} -l name=harvester`,
      look: async () => {
        const pods = await run.ports.cluster.findPods(release);
        const isNew = pods.some(
          ({ component, uid, ready, terminating }) =>
            component === "harvester" && uid !== replacing.uid && ready && !terminating,
        );
        return isNew ? { done: true } : { seen: "waiting for the harvester's new pod" };
      },
    },
    run,
  );
  await follower.save({ replacing: undefined });
}

/** Only one standstill a run is worth a new pod without a reason; the verdict leaves a `retry` another one. */
async function requireFirst(follower: Follower, standstill: Standstill): Promise<void> {
  const { run, name } = follower;
  const before = (run.state.harvest ?? []).find(({ stalledAt }) => stalledAt !== undefined);
  if (!before) return;
  await run.save({ harvest: (run.state.harvest ?? []).map((list) => ({ ...list, stalledAt: undefined })) });
  const { where } = whereOf(standstill);
  const message = `list ${name} has stalled for ${duration(standstill.idleMs)}, even with a new pod; last seen: ${where}`;
  const hint = `look:  kubectl logs -n ${run.state.release} deploy/harvester`;
  throw new TimeoutError("HARVEST_STALLED", message, { hint });
}

function whereOf({ list, position }: Standstill): { job: string | undefined; where: string } {
  const job = position === undefined ? currentJob(list)?.job : list.jobs[position];
  if (!job) return { job: undefined, where: `status ${list.status ?? "absent"}` };
  const place = `job ${list.jobs.indexOf(job) + 1} of ${list.jobs.length}`;
  return { job: job.identifier, where: `${place}, ${job.identifier} (${job.status ?? "not started"})` };
}
