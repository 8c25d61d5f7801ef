/** Has the harvester load every list, follows it to the end, mends what can be mended, and judges the result. */
import type { Settings } from "../config/settings.ts";
import { PermanentError } from "../errors.ts";
import type { HarvestJob, HarvestList } from "../domain/harvest.ts";
import { badJobs, currentJob, endedWell, hasEnded, median, tally } from "../domain/harvest-progress.ts";
import type { BadJob, RunState } from "../domain/run-state.ts";
import { clockTime, duration, table } from "../domain/words.ts";
import { done, type Step, type StepContext } from "../pipeline/step.ts";
import type { Ports } from "../ports/index.ts";
import { lowerTtl } from "./dns/swap-ttl.ts";
import { followList } from "./harvest/follow-list.ts";
import { harvesterPod } from "./harvest/harvester-pod.ts";
import { listMemory, type ListMemory } from "./harvest/list-memory.ts";
import { progressReporter } from "./harvest/progress.ts";
import { runQueue } from "./harvest/run-queue.ts";
import { databaseLost, ensureListStarted } from "./harvest/start-list.ts";

type Needs = Pick<Ports, "harvester" | "cluster" | "dns">;

/** How many jobs that ended badly are kept with the run; the number of all of them is kept beside. */
const mostBadJobs = 50;

export const awaitHarvest = (settings: Settings): Step<Needs, RunState> => ({
  name: "await-harvest",
  summary: "Load every archive",
  async run(ports, state, context) {
    const outputs: string[] = [];
    await lowerTtl(ports.dns, settings, state, context);
    let harvest = state.harvest;
    for (const name of settings.jobLists) {
      const memory = listMemory(name, { ...state, ...(harvest ? { harvest } : {}) }, context);
      const list = await harvestList(ports, settings, { ...state, harvest }, memory, context);
      harvest = { ...harvest, [name]: memory.get() };
      outputs.push(settings.jobLists.length > 1 ? `list ${name}: ${tally(list)}` : tally(list));
    }
    return done(outputs.join("; "));
  },
});

/** One list, from the start to the verdict. */
async function harvestList(
  ports: Needs,
  settings: Settings,
  { release, harvest }: RunState,
  memory: ListMemory,
  context: StepContext<RunState>,
): Promise<HarvestList> {
  const { harvester } = ports;
  const resumed = memory.get().startedAt !== undefined;
  const first = await ensureListStarted(ports, release, memory, context);
  if (resumed) context.log.info({}, whereList(first, memory.name));
  const { startedAt = "", rescued, expectedAt } = memory.get();
  const deadline = firstStart({ ...harvest, [memory.name]: { startedAt } }) + settings.harvest.timeoutMs;
  if (expectedAt) context.log.info({}, `expected ${clockTime(Date.parse(expectedAt))}`);
  else sayUsual(first, memory, context);
  const reporter = progressReporter(harvester, release, memory, context, settings.harvest);
  const scene = { ports, settings: settings.harvest, release, deadline, memory, reporter, context };
  await runQueue(scene);
  if (!rescued) {
    const followed = await followList(
      ports,
      settings.harvest,
      { release, deadline },
      memory,
      reporter,
      context,
    );
    if (followed.kind === "wedged") await queueRescue(ports, release, followed.list, memory, context);
  }
  await runQueue(scene);
  let list = await readList(harvester, release, memory);
  while (await queueRetries(list, settings.harvest.jobRetries, memory, context)) {
    await runQueue(scene);
    list = await readList(harvester, release, memory);
  }
  await judge(harvester, settings, release, list, memory, context);
  return list;
}

/** When the harvest began: HARVEST_TIMEOUT is for all lists together. */
function firstStart(harvest: NonNullable<RunState["harvest"]>): number {
  return Math.min(...Object.values(harvest).map(({ startedAt }) => Date.parse(startedAt ?? "") || Infinity));
}

/** What a builder finds that goes on with a list: the next line may be hours away. */
function whereList(list: HarvestList, name: string): string {
  const current = currentJob(list);
  const now = current ? `, now ${current.job.description || current.job.identifier}` : "";
  return `list ${name} goes on: ${list.jobs.filter(hasEnded).length} of ${list.jobs.length} jobs have ended${now}`;
}

function sayUsual(list: HarvestList, { timings }: ListMemory, { log, clock }: StepContext<RunState>): void {
  const usual = list.jobs.map(({ identifier }) => median(timings[identifier] ?? []));
  const known = usual.filter((seconds) => seconds !== undefined);
  if (known.length < list.jobs.length / 2) return;
  const ms = known.reduce((sum, seconds) => sum + seconds, 0) * 1000;
  log.info({}, `usually takes ${duration(ms)} → ${clockTime(clock.now() + ms)}`);
}

async function readList(
  harvester: Needs["harvester"],
  release: string,
  { name }: ListMemory,
): Promise<HarvestList> {
  const list = await harvester.findList(release, name);
  if (!list) throw databaseLost(release, name, "the harvester no longer knows the list");
  return list;
}

/** The list is wedged: what has not ended well is run job by job instead of losing what was done. */
async function queueRescue(
  { cluster }: Needs,
  release: string,
  list: HarvestList,
  memory: ListMemory,
  { log }: StepContext<RunState>,
): Promise<void> {
  const isLeft = (job: HarvestJob, position: number) =>
    !endedWell(job) && (position >= (list.currentJob ?? 0) || job.exitCode !== "FAILED");
  const remaining = withIndexJobs(list, list.jobs.findIndex(isLeft), isLeft);
  log.warn(
    {},
    `the harvester died in the middle of list ${memory.name}, which will not move again; running the ${remaining.length} remaining jobs one at a time`,
  );
  await memory.save({
    rescued: true,
    pod: await harvesterPod(cluster, release),
    queue: { reason: "rescue", remaining },
  });
}

/** Positions of the chosen jobs, and of the index jobs after the first of them: what they wrote is out of date then. */
function withIndexJobs(
  list: HarvestList,
  first: number,
  isChosen: (job: HarvestJob, position: number) => boolean,
): number[] {
  return list.jobs.flatMap((job, position) =>
    isChosen(job, position) || (first >= 0 && position > first && job.jobName === "ReIndex")
      ? [position]
      : [],
  );
}

/** Queues the jobs that did not end well for another try, with the index jobs after them; false: nothing to do. */
async function queueRetries(
  list: HarvestList,
  mostRetries: number,
  memory: ListMemory,
  { log }: StepContext<RunState>,
): Promise<boolean> {
  const retries = memory.get().retries ?? 0;
  const bad = badJobs(list);
  if (bad.length === 0 || retries >= mostRetries) return false;
  const isBad = (job: HarvestJob) => !endedWell(job);
  const remaining = withIndexJobs(list, list.jobs.findIndex(isBad), isBad);
  log.warn(
    {},
    `${bad.length} of ${list.jobs.length} jobs did not end well; running them again, and the index jobs after them`,
  );
  await memory.save({ retries: retries + 1, queue: { reason: "retry", remaining } });
  return true;
}

/** Writes the result down; with STRICT_ERROR_CHECKING a job that did not end well fails the run. */
async function judge(
  harvester: Needs["harvester"],
  { strict }: Settings,
  release: string,
  list: HarvestList,
  memory: ListMemory,
  { clock, log }: StepContext<RunState>,
): Promise<void> {
  const all = badJobs(list);
  const bad: BadJob[] = [];
  for (const job of all.slice(0, mostBadJobs)) {
    const execution = await harvester.findExecution(release, job.id);
    const reason = (execution?.exitDescription ?? "").split("\n")[0]?.slice(0, 300);
    const { identifier, description, exitCode = job.status ?? "UNKNOWN" } = job;
    bad.push({
      position: list.jobs.indexOf(job) + 1,
      identifier,
      description,
      exitCode,
      ...(reason ? { reason } : {}),
    });
  }
  const endedAt = memory.get().endedAt ?? new Date(clock.now()).toISOString();
  await memory.save({
    endedAt,
    ended: list.jobs.length,
    current: undefined,
    currentSince: undefined,
    expectedAt: undefined,
    bad,
    badCount: all.length,
  });
  if (all.length === 0) return;
  const lines = table(
    bad.map(({ position, description, identifier, exitCode, reason = "" }) => [
      String(position).padStart(4),
      description || identifier,
      exitCode,
      reason,
    ]),
  );
  if (!strict) {
    for (const line of lines) log.warn({}, `tolerated (STRICT_ERROR_CHECKING is off):${line}`);
    return;
  }
  throw new PermanentError(
    "HARVEST_JOBS_FAILED",
    `${all.length} of ${list.jobs.length} jobs did not end well`,
    {
      details: lines,
      hint: `why:  kubectl logs -n ${release} deploy/harvester`,
    },
  );
}
