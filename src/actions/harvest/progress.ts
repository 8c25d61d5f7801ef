/** Says how a job list gets on: a line per finished job, and a progress line every few minutes. */
import { currentJob, endedWell, hasEnded, secondsLeft, slowAgainst } from "../../domain/harvest-progress.ts";
import type { HarvestExecution, HarvestJob, HarvestList } from "../../domain/harvest.ts";
import { oddityOf, reasonOf } from "../../domain/job-ends.ts";
import { clockTime, count, duration, shortened } from "../../domain/words.ts";
import { timestamp } from "../../pipeline/clock.ts";
import { executionKey, type Follower } from "./follower.ts";

const progressEveryMs = 600_000;
const nameWidth = 48;
/** In a longer list nobody looks at when each job began, and 10,000 times would take 50 kB of the state. */
const maxPlaced = 1_000;
/** How many times the records are looked at before a job may count as standing still. */
const looksPerStall = 3;
const maxSlow = 20;
const maxReason = 300;

/** Reports what is new in the list, and remembers it. Returns the records of the running job, as far as known. */
export type Reporter = (list: HarvestList) => Promise<number | undefined>;

/** A reporter for one list; jobs that an earlier builder reported are not reported again. */
export function progressReporter(follower: Follower): Reporter {
  const { clock, log, ports, settings, state } = follower.run;
  const { stallTimeoutMs, wedgeTimeoutMs } = settings.harvest;
  const lookEveryMs = Math.min(progressEveryMs, Math.min(stallTimeoutMs, wedgeTimeoutMs) / looksPerStall);
  let lineAt = clock.monotonic();
  let lookedAt = -Infinity;
  let aways = follower.aways;
  let records: number | undefined;
  let following: string | undefined;
  return async (list) => {
    const ended = await reportEnded(follower, list);
    const current = currentJob(list);
    const hasChanged = current?.job.identifier !== following;
    if (hasChanged) [following, records] = [current?.job.identifier, undefined];
    const now = clock.monotonic();
    const isLineDue = now - lineAt >= progressEveryMs;
    // After an outage the records are what later looks are compared with.
    const wasAway = follower.aways !== aways;
    aways = follower.aways;
    if (current && (isLineDue || wasAway || now - lookedAt >= lookEveryMs)) {
      const execution = await ports.harvester.findExecution(state.release, current.job.id);
      records = execution?.readCount;
      lookedAt = now;
      if (isLineDue) {
        lineAt = now;
        log.info({ job: current.job.identifier }, progressLine(follower, list, execution));
      }
    }
    if (ended > 0 || hasChanged || isLineDue) await remember(follower, list, records);
    const { currentSince } = follower.state;
    if (current && currentSince !== undefined && !hasEnded(current.job))
      await nameSlow(follower, current.job, (clock.now() - Date.parse(currentSince)) / 1000);
    return records;
  };
}

async function reportEnded(follower: Follower, list: HarvestList): Promise<number> {
  const { log, ports, state } = follower.run;
  const reported = follower.reported();
  const fresh = list.jobs.filter(
    (job) => hasEnded(job) && !reported.has(executionKey(job.identifier, job.lastExecution)),
  );
  for (const job of fresh) {
    const execution = await ports.harvester.findExecution(state.release, job.id);
    const seconds = secondsOf(execution);
    const { writeCount = 0, startedAt } = execution ?? {};
    const isPlaced = startedAt !== undefined && list.jobs.length <= maxPlaced;
    follower.addResult([
      ...([job.identifier, job.lastExecution ?? 0, seconds, writeCount, job.exitCode ?? "UNKNOWN"] as const),
      ...(isPlaced ? [Math.round(startedAt / 1000)] : []),
    ] as Parameters<Follower["addResult"]>[0]);
    if (endedWell(job)) await nameSlow(follower, job, seconds);
    const odd = endedWell(job) ? oddityOf(execution) : await explainEnd(follower, job, execution);
    const line = `${endLine(list, job, execution)}${odd === undefined ? "" : `  ${odd}`}`;
    if (odd === undefined) log.info({ job: job.identifier }, line);
    else log.warn({ job: job.identifier }, line);
  }
  return fresh.length;
}

async function nameSlow(follower: Follower, job: HarvestJob, seconds: number): Promise<void> {
  const { slow = [] } = follower.state;
  const usualSeconds = slowAgainst(follower.timings, job.identifier, seconds);
  const isNamed = slow.some(({ identifier }) => identifier === job.identifier);
  if (usualSeconds === undefined || isNamed || slow.length >= maxSlow) return;
  await follower.save({ slow: [...slow, { identifier: job.identifier, usualSeconds }] });
  const verb = hasEnded(job) ? "took" : "has been running for";
  const usual = `usually it takes ${duration(usualSeconds * 1000)}`;
  const line = `${shortName(job)} ${verb} ${duration(seconds * 1000)}, ${usual}`;
  follower.run.log.warn({ job: job.identifier }, line);
}

async function remember(follower: Follower, list: HarvestList, records: number | undefined): Promise<void> {
  const { clock } = follower.run;
  const before = follower.state;
  const current = currentJob(list)?.job.identifier;
  const since = before.current === current ? before.currentSince : timestamp(clock);
  const runsForSeconds = since === undefined ? 0 : (clock.now() - Date.parse(since)) / 1000;
  const left = secondsLeft(list, follower.timings, runsForSeconds);
  await follower.save({
    ended: list.jobs.filter(hasEnded).length,
    current,
    currentSince: current === undefined ? undefined : since,
    records,
    expectedAt: left === undefined ? undefined : new Date(clock.now() + left * 1000).toISOString(),
  });
}

function secondsOf(execution: HarvestExecution | undefined): number {
  const { startedAt, endedAt } = execution ?? {};
  return startedAt !== undefined && endedAt !== undefined ? Math.round((endedAt - startedAt) / 1000) : 0;
}

function endLine(list: HarvestList, job: HarvestJob, execution: HarvestExecution | undefined): string {
  const total = list.jobs.length;
  const position = String(list.jobs.indexOf(job) + 1).padStart(String(total).length);
  const isWell = endedWell(job);
  const wellText = job.exitCode === "NOT_MODIFIED" ? "not modified" : "done";
  const outcome = isWell ? wellText : (job.exitCode ?? job.status ?? "");
  const records = execution?.writeCount ? `  ${count(execution.writeCount)} records` : "";
  const took = duration(secondsOf(execution) * 1000).padStart(6);
  const name = shortName(job).padEnd(nameWidth);
  return `${position} of ${total}  ${name}  ${outcome.padEnd(12)}  ${took}${records}`.trimEnd();
}

/** Why a job did not end well, in one line. */
export async function explainEnd(
  follower: Follower,
  { identifier }: HarvestJob,
  execution: HarvestExecution | undefined,
): Promise<string> {
  return reasonOf(execution, await follower.archiveOf(identifier)).slice(0, maxReason);
}

/** The job's description; every one of production's begins with "Harvest", which the step's name says already. */
function shortName({ description, identifier }: HarvestJob): string {
  return shortened((description || identifier).replace(/^Harvest (?=\S)/, ""), nameWidth);
}

function progressLine(
  { run: { clock }, timings }: Follower,
  list: HarvestList,
  execution: HarvestExecution | undefined,
): string {
  const now = clock.now();
  const current = currentJob(list);
  const { position = 0, job } = current ?? {};
  const percent = Math.round(((position - 1) / list.jobs.length) * 100);
  const ranMs = execution?.startedAt === undefined ? 0 : now - execution.startedAt;
  const left = secondsLeft(list, timings, ranMs / 1000);
  const eta =
    left === undefined
      ? "no earlier run to estimate from"
      : `${duration(left * 1000)} left → ${clockTime(now + left * 1000)}`;
  const records = execution ? `${count(execution.readCount)} records, ` : "";
  const name = job ? shortName(job) : "";
  return `job ${position} of ${list.jobs.length} (${percent} %): ${name}, ${records}running ${duration(ranMs)}; ${eta}`;
}
