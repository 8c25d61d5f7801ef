/** Has the harvester load every list, follows it to the end, repairs what can be repaired, and judges the result. */
import { executionKey, Follower } from "../actions/harvest/follower.ts";
import { followList } from "../actions/harvest/follow-list.ts";
import { explainEnd, progressReporter } from "../actions/harvest/progress.ts";
import { finishReplacing } from "../actions/harvest/replace-pod.ts";
import { runQueue } from "../actions/harvest/run-queue.ts";
import { ensureListStarted } from "../actions/harvest/start-list.ts";
import { unlessGone } from "../actions/release-gone.ts";
import { lowerTtl } from "../actions/swap-ttl.ts";
import { acceptedText } from "../domain/gate.ts";
import { badJobs, currentJob, endedWell, hasEnded, median, tally } from "../domain/harvest-progress.ts";
import type { HarvestJob, HarvestList } from "../domain/harvest.ts";
import { acceptanceOf } from "../domain/reopening.ts";
import { type BadJob, lastOpening } from "../domain/run.ts";
import { clockTime, duration, table } from "../domain/words.ts";
import { PermanentError } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import { done, type Step } from "../pipeline/step.ts";

const maxBadJobs = 50;

export const awaitHarvest: Step = unlessGone({
  name: "await-harvest",
  summary: "Load every archive",
  async run(run) {
    const { jobLists } = run.settings;
    const outputs: string[] = [];
    await lowerTtl(run);
    for (const name of jobLists) {
      const list = await harvestList(new Follower(run, name));
      outputs.push(jobLists.length > 1 ? `list ${name}: ${tally(list)}` : tally(list));
    }
    return done(outputs.join("; "));
  },
});

async function harvestList(follower: Follower): Promise<HarvestList> {
  const { run, name } = follower;
  const isResumed = follower.state.startedAt !== undefined;
  const first = await ensureListStarted(follower);
  if (isResumed) run.log.info({}, whereList(first, name));
  const { rescued, expectedAt } = follower.state;
  if (expectedAt) run.log.info({}, `expected ${clockTime(expectedAt)}`);
  else sayUsual(follower, first);
  const report = progressReporter(follower);
  await finishReplacing(follower);
  await runQueue(follower, report);
  if (!rescued) {
    const followed = await followList(follower, report);
    if (followed.kind === "wedged") await queueRescue(follower, followed.list);
  }
  await runQueue(follower, report);
  let list = await follower.requireList();
  if (await queueMissing(follower, list)) {
    await runQueue(follower, report);
    list = await follower.requireList();
  }
  while (await queueRetries(follower, list)) {
    await runQueue(follower, report);
    list = await follower.requireList();
  }
  await judge(follower, list);
  return list;
}

/** What a builder finds that goes on with a list: the next line may be hours away. */
function whereList(list: HarvestList, name: string): string {
  const current = currentJob(list);
  const now = current ? `, now ${current.job.description || current.job.identifier}` : "";
  return `list ${name} goes on: ${list.jobs.filter(hasEnded).length} of ${list.jobs.length} jobs have ended${now}`;
}

function sayUsual({ run: { log, clock }, timings }: Follower, list: HarvestList): void {
  const usual = list.jobs.map(({ identifier }) => median(timings.get(identifier) ?? []));
  const known = usual.filter((seconds) => seconds !== undefined);
  if (known.length < list.jobs.length / 2) return;
  const ms = known.reduce((sum, seconds) => sum + seconds, 0) * 1000;
  log.info({}, `usually takes ${duration(ms)} → ${clockTime(clock.now() + ms)}`);
}

/** The list is wedged: what has not ended well is run job by job instead of losing what was done. */
async function queueRescue(follower: Follower, list: HarvestList): Promise<void> {
  const isLeft = (job: HarvestJob, position: number) =>
    !endedWell(job) && (position >= (list.currentJob ?? 0) || job.exitCode !== "FAILED");
  const remaining = withIndexJobs(list, isLeft);
  const what = `a job of list ${follower.name} died, and the list will not go on`;
  follower.run.log.warn({}, `${what}; running the ${remaining.length} remaining jobs one at a time`);
  const queue = { reason: "rescue" as const, remaining };
  await follower.save({ rescued: true, pod: await follower.pod(), awayAt: undefined, queue });
}

/**
 * Queues what has no ended execution though the list is over, with the index jobs after it: a list may be Completed with a
 * job that never ran (a slow database had the timer start another one twice), or that still runs. False: nothing to do.
 */
async function queueMissing(follower: Follower, list: HarvestList): Promise<boolean> {
  const missing = list.jobs.filter((job) => !hasEnded(job));
  if (missing.length === 0) return false;
  const what = `${missing.length} of ${list.jobs.length} jobs have not ended though the list is over`;
  follower.run.log.warn({}, `${what}; running them on their own, and the index jobs after them`);
  const remaining = withIndexJobs(list, (job) => !hasEnded(job));
  await follower.save({ queue: { reason: "missing", remaining } });
  return true;
}

/** Positions of the chosen jobs, and of the index jobs after the first of them: what they wrote is out of date then. */
function withIndexJobs(
  { jobs }: HarvestList,
  isChosen: (job: HarvestJob, position: number) => boolean,
): number[] {
  const first = jobs.findIndex(isChosen);
  return jobs.flatMap((job, position) =>
    isChosen(job, position) || (first >= 0 && position > first && job.jobName === "ReIndex")
      ? [position]
      : [],
  );
}

/** Queues the jobs that did not end well for another try, with the index jobs after them; false: nothing to do. */
async function queueRetries(follower: Follower, list: HarvestList): Promise<boolean> {
  const { retries = 0 } = follower.state;
  const { state, settings } = follower.run;
  const opening = lastOpening(state);
  const bad = badJobs(list);
  // What a person has opened again is tried once more at least; what was accepted is not run again.
  const rounds = settings.harvest.jobRetries + (opening ? 1 : 0);
  if (bad.length === 0 || retries >= rounds || opening?.accepts) return false;
  const remaining = withIndexJobs(list, (job) => !endedWell(job));
  const what = `${bad.length} of ${list.jobs.length} jobs did not end well`;
  follower.run.log.warn({}, `${what}; running them again, and the index jobs after them`);
  await follower.save({ retries: retries + 1, queue: { reason: "retry", remaining } });
  return true;
}

async function judge(follower: Follower, list: HarvestList): Promise<void> {
  const { clock, log, settings, state } = follower.run;
  const all = badJobs(list);
  const bad: BadJob[] = [];
  for (const job of all.slice(0, maxBadJobs)) bad.push(await describeBad(follower, list, job));
  const lines = table(
    bad.map(({ position, description, identifier, exitCode, reason = "" }) => [
      String(position).padStart(4),
      description || identifier,
      exitCode,
      reason,
    ]),
  );
  const accepted = acceptedJobs(follower, all) ? acceptanceOf(follower.run.state, lines) : undefined;
  await follower.save({
    ...{ current: undefined, currentSince: undefined, expectedAt: undefined },
    ...{ endedAt: follower.state.endedAt ?? timestamp(clock), ended: list.jobs.length },
    ...{ bad, badCount: all.length, ...(accepted && { accepted }) },
  });
  const [first] = bad;
  if (!first) return;
  if (accepted ?? !settings.strict) {
    const why = accepted ? acceptedText(accepted) : "tolerated (STRICT_ERROR_CHECKING is off)";
    for (const line of lines) log.warn({}, `${why}:${line}`);
    return;
  }
  const message = `${all.length} of ${list.jobs.length} jobs did not end well`;
  throw new PermanentError("HARVEST_JOBS_FAILED", message, {
    details: lines,
    culprit: `${first.description || first.identifier} ${first.exitCode}`,
    hint: `why:  kubectl logs -n ${state.release} deploy/harvester`,
  });
}

/** Whether every job that did not end well was accepted: exactly the executions that the run had recorded then. */
function acceptedJobs({ run }: Follower, bad: readonly HarvestJob[]): boolean {
  const { executions } = lastOpening(run.state)?.accepts ?? {};
  if (executions === undefined || bad.length === 0) return false;
  const recorded = run.attachments.jobs.slice(0, executions);
  const keys = new Set(recorded.map(([job, execution]) => executionKey(job, execution)));
  return bad.every(({ identifier, lastExecution }) => keys.has(executionKey(identifier, lastExecution)));
}

async function describeBad(follower: Follower, list: HarvestList, job: HarvestJob): Promise<BadJob> {
  const { ports, state } = follower.run;
  const execution = await ports.harvester.findExecution(state.release, job.id);
  const reason = await explainEnd(follower, job, execution);
  const { identifier, description, exitCode = job.status ?? "UNKNOWN" } = job;
  const position = list.jobs.indexOf(job) + 1;
  return { position, identifier, description, exitCode, ...(reason && { reason }) };
}
