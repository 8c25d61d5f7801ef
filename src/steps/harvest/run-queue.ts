/** Runs jobs one at a time by their own endpoint: after a wedge instead of the list, and for jobs that failed. */
import type { Settings } from "../../config/settings.ts";
import type { HarvestJob, HarvestList } from "../../domain/harvest.ts";
import { hasEnded } from "../../domain/harvest-progress.ts";
import type { JobQueue, RunState } from "../../domain/run-state.ts";
import { PermanentError, TransientError } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import { advance, assertMoving, newStallClock, timedOut } from "./follow-list.ts";
import { harvesterPod } from "./harvester-pod.ts";
import type { ListMemory } from "./list-memory.ts";
import type { ProgressReporter } from "./progress.ts";
import { databaseLost } from "./start-list.ts";

/** How often one job may be begun anew because the harvester died under it. */
const mostAttempts = 3;

interface Scene {
  ports: Pick<Ports, "harvester" | "cluster">;
  settings: Settings["harvest"];
  release: string;
  deadline: number;
  memory: ListMemory;
  reporter: ProgressReporter;
  context: StepContext<RunState>;
}

/** Carries the remembered queue to its end; goes on where an earlier builder stopped. Throws like followList. */
export async function runQueue(scene: Scene): Promise<void> {
  const { memory } = scene;
  for (;;) {
    const { queue } = memory.get();
    if (!queue) return;
    if (queue.current) await followJob(scene, queue, queue.current);
    else if (queue.remaining.length > 0) await startNext(scene, queue);
    else return memory.save({ queue: undefined });
  }
}

/** Writes down which job comes next, then starts it. */
async function startNext({ ports, release, memory, context }: Scene, queue: JobQueue): Promise<void> {
  const [position = 0, ...remaining] = queue.remaining;
  const { job } = await requireJob(ports, release, memory, position);
  const current = { position, lastExecution: job.lastExecution, attempt: 1 };
  await memory.save({ ...(await podNow(ports, release)), queue: { ...queue, remaining, current } });
  context.log.info(
    { job: job.identifier },
    `running job ${position + 1} on its own: ${job.description || job.identifier}`,
  );
  await startJob(ports, release, job, context);
}

/** The pod that a job is about to be started in: one that restarted while nothing ran has not died under it. */
async function podNow({ cluster }: Scene["ports"], release: string): Promise<{ pod?: string }> {
  const pod = await harvesterPod(cluster, release);
  return pod === "" ? {} : { pod };
}

async function startJob(
  { harvester }: Scene["ports"],
  release: string,
  job: HarvestJob,
  { log, signal }: StepContext<RunState>,
): Promise<void> {
  try {
    await harvester.startJob(release, job.id);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    log.warn(
      { code: error.code },
      `the start of ${job.identifier} was not answered; looking whether it arrived`,
    );
  }
}

/** Follows the job that the queue says was about to be started; starts it where that never arrived. */
async function followJob(
  scene: Scene,
  queue: JobQueue,
  current: NonNullable<JobQueue["current"]>,
): Promise<void> {
  const { ports, settings, release, deadline, memory, reporter, context } = scene;
  const { clock, signal } = context;
  let stall = newStallClock();
  let polls = 0;
  for (;;) {
    const { job, list } = await requireJob(ports, release, memory, current.position);
    await reporter.report(list);
    const begun = job.lastExecution !== current.lastExecution;
    if (begun && hasEnded(job)) return memory.save({ queue: { ...queue, current: undefined } });
    // The list stands still meanwhile: only the job itself tells whether it moves.
    const { readCount = 0, writeCount = 0 } =
      (begun && (await ports.harvester.findExecution(release, job.id))) || {};
    const seen = [job.status, job.lastExecution, readCount, writeCount].join("/");
    stall = advance(stall, seen, settings.pollIntervalMs);
    if (begun && stall.idlePolls >= 3 && (await diedUnderIt(scene)))
      return beginAnew(scene, queue, current, job);
    if (!begun && polls >= 2) {
      await memory.save(await podNow(ports, release));
      await startJob(ports, release, job, context);
      polls = 0;
    }
    assertMoving(list, stall, settings, release, memory.name);
    if (clock.now() >= deadline) throw timedOut(settings, release, list);
    polls += 1;
    await clock.sleep(settings.pollIntervalMs, signal);
  }
}

async function diedUnderIt({ ports, release, memory }: Scene): Promise<boolean> {
  const { pod } = memory.get();
  const now = await harvesterPod(ports.cluster, release);
  return now !== "" && Boolean(pod) && now !== pod;
}

/** The harvester died under the job: its execution stays STARTED for ever, so another one is begun. */
async function beginAnew(
  { ports, release, memory, context }: Scene,
  queue: JobQueue,
  { position, attempt }: NonNullable<JobQueue["current"]>,
  job: HarvestJob,
): Promise<void> {
  if (attempt >= mostAttempts) {
    throw new PermanentError(
      "HARVESTER_DIES",
      `the harvester died ${attempt} times under job ${job.identifier}`,
      {
        hint: `look:  kubectl logs -n ${release} deploy/harvester --previous`,
      },
    );
  }
  const current = { position, lastExecution: job.lastExecution, attempt: attempt + 1 };
  await memory.save({ ...(await podNow(ports, release)), queue: { ...queue, current } });
  context.log.warn({ job: job.identifier }, `the harvester restarted; running ${job.identifier} again`);
  await startJob(ports, release, job, context);
}

async function requireJob(
  { harvester }: Scene["ports"],
  release: string,
  memory: ListMemory,
  position: number,
): Promise<{ job: HarvestJob; list: HarvestList }> {
  const list = await harvester.findList(release, memory.name);
  const job = list?.jobs[position];
  if (!list || !job) throw databaseLost(release, memory.name, "the harvester no longer knows the list");
  return { job, list };
}
