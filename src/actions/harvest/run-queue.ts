/** Runs jobs one at a time by their own endpoint: after a wedge instead of the list, and for jobs that failed. */
import { hasEnded, isUnderWay } from "../../domain/harvest-progress.ts";
import type { HarvestJob } from "../../domain/harvest.ts";
import type { JobQueue } from "../../domain/run.ts";
import { PermanentError } from "../../errors.ts";
import { idleIntervals } from "./follow-list.ts";
import type { Follower } from "./follower.ts";
import type { Reporter } from "./progress.ts";
import { replaceDoubted } from "./replace-pod.ts";
import { StallClock } from "./stall-clock.ts";
import { sendStart } from "./start-list.ts";

/** How often one job may be begun anew because the harvester died under it. */
const maxAttempts = 3;
/** How long a start may stay unseen before it is sent again. */
const unseenIntervals = 2;
const unseenMs = 5_000;

type Current = NonNullable<JobQueue["current"]>;

/** Carries the remembered queue to its end; goes on where an earlier builder stopped. Throws like followList. */
export async function runQueue(follower: Follower, report: Reporter): Promise<void> {
  for (;;) {
    const { queue } = follower.state;
    if (!queue) return;
    if (queue.current) await followJob(follower, report, queue.current);
    else if (queue.remaining.length > 0) await startNext(follower, queue);
    else return follower.save({ queue: undefined });
  }
}

async function startNext(
  follower: Follower,
  { remaining: [position = 0, ...remaining], ...queue }: JobQueue,
) {
  const { job } = await follower.requireJob(position);
  // What still runs after its list was over is followed, not started beside itself.
  if (queue.reason === "missing" && isUnderWay(job))
    return follower.save({ queue: { ...queue, remaining, current: { position, attempt: 1 } } });
  const current = { position, lastExecution: job.lastExecution, attempt: 1 };
  await follower.save({ ...(await podNow(follower)), queue: { ...queue, remaining, current } });
  const name = job.description || job.identifier;
  follower.run.log.info({ job: job.identifier }, `running job ${position + 1} on its own: ${name}`);
  await startJob(follower, job);
}

/** The pod that a job is about to be started in: one that restarted while nothing ran has not died under it. */
async function podNow(follower: Follower): Promise<{ pod?: string; awayAt: undefined }> {
  const pod = await follower.pod();
  return { ...(pod !== "" && { pod }), awayAt: undefined };
}

async function startJob(follower: Follower, job: HarvestJob): Promise<void> {
  const { ports, state } = follower.run;
  await sendStart(follower, job.identifier, () => ports.harvester.startJob(state.release, job.id));
}

/** Follows the job that the queue says was about to be started; starts it where that never arrived. */
async function followJob(follower: Follower, report: Reporter, current: Current): Promise<void> {
  const { clock, signal, settings, ports, state } = follower.run;
  const { pollIntervalMs } = settings.harvest;
  const stall = new StallClock(follower);
  let sentAt = clock.monotonic();
  for (;;) {
    const { job, list } = await follower.requireJob(current.position);
    await report(list);
    const hasBegun = job.lastExecution !== current.lastExecution;
    if (hasBegun && hasEnded(job)) return follower.save({ queue: withCurrent(follower, undefined) });
    // The list stands still meanwhile: only the job itself tells whether it moves.
    const execution = hasBegun ? await ports.harvester.findExecution(state.release, job.id) : undefined;
    const { readCount = 0, writeCount = 0 } = execution ?? {};
    await stall.advance([job.status, job.lastExecution, readCount, writeCount].join("/"));
    const { position } = current;
    const isReplaced = await replaceDoubted(follower, { list, position, idleMs: stall.idleMs });
    if (hasBegun && stall.idleMs >= idleIntervals * pollIntervalMs && (await follower.hasDied()))
      return beginAnew(follower, current, job);
    if (isReplaced) stall.restart();
    // A start is answered before the job begins, and its last execution is still the one before.
    const unseenFor = clock.monotonic() - sentAt;
    if (!hasBegun && unseenFor >= Math.max(unseenMs, unseenIntervals * pollIntervalMs)) {
      await follower.save(await podNow(follower));
      await startJob(follower, job);
      sentAt = clock.monotonic();
    }
    follower.assertInTime(list);
    await clock.sleep(pollIntervalMs, signal);
  }
}

function withCurrent({ state: { queue } }: Follower, current: Current | undefined): JobQueue | undefined {
  return queue && { ...queue, current };
}

/** The harvester died under the job: its execution stays STARTED for ever, so another one is begun. */
async function beginAnew(follower: Follower, { position, attempt }: Current, job: HarvestJob): Promise<void> {
  const { run } = follower;
  if (attempt >= maxAttempts) {
    const message = `the harvester died ${attempt} times during job ${job.identifier}`;
    const hint = `look:  kubectl logs -n ${run.state.release} deploy/harvester --previous`;
    throw new PermanentError("HARVESTER_DIES", message, { hint });
  }
  const current = { position, lastExecution: job.lastExecution, attempt: attempt + 1 };
  await follower.save({ ...(await podNow(follower)), queue: withCurrent(follower, current) });
  run.log.warn({ job: job.identifier }, `the harvester restarted; running ${job.identifier} again`);
  await startJob(follower, job);
}
