/** Says how a job list gets on: a line per finished job, and a progress line every few minutes. */
import type { HarvestExecution, HarvestJob, HarvestList } from "../../domain/harvest.ts";
import { currentJob, endedWell, hasEnded, secondsLeft, slowAgainst } from "../../domain/harvest-progress.ts";
import type { RunState } from "../../domain/run-state.ts";
import { clockTime, count, duration } from "../../domain/words.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import { type JobResult, type ListMemory, resultKey } from "./list-memory.ts";

const progressEveryMs = 600_000;
const nameWidth = 48;
/** In a longer list nobody looks at when each job began, and 10,000 times would take 50 kB of the state. */
const mostPlaced = 1_000;

export interface ProgressReporter {
  /** Reports what is new in the list, and remembers it. Returns the records of the running job, as far as known. */
  report(list: HarvestList): Promise<number | undefined>;
}

/** How many times the records are looked at before a job may count as standing still. */
const looksPerStall = 3;

/** A reporter for one list; jobs that an earlier builder reported are not reported again. */
export function progressReporter(
  harvester: Ports["harvester"],
  release: string,
  memory: ListMemory,
  context: StepContext<RunState>,
  { stallTimeoutMs }: { stallTimeoutMs: number },
): ProgressReporter {
  const { clock, log } = context;
  const nameSlow = slowNamer(memory, context);
  const lookEveryMs = Math.min(progressEveryMs, stallTimeoutMs / looksPerStall);
  let lastLine = clock.now();
  let lastLook = lastLine;
  let records: number | undefined;
  let following: string | undefined;

  async function reportEnded(list: HarvestList): Promise<number> {
    const fresh = list.jobs.filter((job) => hasEnded(job) && !(resultKey(job) in memory.results));
    for (const job of fresh) {
      const execution = await harvester.findExecution(release, job.id);
      const seconds = secondsOf(execution);
      const { writeCount = 0, startedAt } = execution ?? {};
      const result: JobResult = [seconds, writeCount, job.exitCode ?? "UNKNOWN"];
      if (startedAt !== undefined && list.jobs.length <= mostPlaced)
        result.push(Math.round(startedAt / 1000));
      memory.addResult(resultKey(job), result);
      if (endedWell(job)) await nameSlow(job, seconds);
      const line = endLine(job, list, seconds, execution);
      if (endedWell(job)) log.info({ job: job.identifier }, line);
      else log.warn({ job: job.identifier }, line);
    }
    return fresh.length;
  }

  return {
    async report(list) {
      const ended = await reportEnded(list);
      const current = currentJob(list);
      const changed = current?.job.identifier !== following;
      if (changed) [following, records] = [current?.job.identifier, undefined];
      const due = clock.now() - lastLine >= progressEveryMs;
      if (current && (due || clock.now() - lastLook >= lookEveryMs)) {
        const execution = await harvester.findExecution(release, current.job.id);
        records = execution?.readCount;
        lastLook = clock.now();
        if (due) {
          lastLine = lastLook;
          const line = progressLine(list, current, execution, memory, lastLine);
          log.info({ job: current.job.identifier }, line);
        }
      }
      if (ended > 0 || changed || due) await remember(list, current, records, memory, clock.now());
      const { currentSince } = memory.get();
      if (current && currentSince !== undefined && !hasEnded(current.job))
        await nameSlow(current.job, (clock.now() - Date.parse(currentSince)) / 1000);
      return records;
    },
  };
}

/** How many slow jobs are kept with the run. */
const mostSlow = 20;

/** Names a job that takes far longer than in earlier runs, once. */
function slowNamer(memory: ListMemory, { log }: StepContext<RunState>) {
  return async (job: HarvestJob, seconds: number): Promise<void> => {
    const { slow = [] } = memory.get();
    const usualSeconds = slowAgainst(memory.timings, job.identifier, seconds);
    const isNamed = slow.some(({ identifier }) => identifier === job.identifier);
    if (usualSeconds === undefined || isNamed || slow.length >= mostSlow) return;
    await memory.save({ slow: [...slow, { identifier: job.identifier, usualSeconds }] });
    const verb = hasEnded(job) ? "took" : "has been running for";
    log.warn(
      { job: job.identifier },
      `${shortName(job)} ${verb} ${duration(seconds * 1000)}, usually it takes ${duration(usualSeconds * 1000)}`,
    );
  };
}

async function remember(
  list: HarvestList,
  current: { job: HarvestJob } | undefined,
  records: number | undefined,
  memory: ListMemory,
  now: number,
): Promise<void> {
  const before = memory.get();
  const same = before.current === current?.job.identifier;
  const since = same ? before.currentSince : new Date(now).toISOString();
  const left = secondsLeft(list, memory.timings, since ? (now - Date.parse(since)) / 1000 : 0);
  await memory.save({
    ended: list.jobs.filter(hasEnded).length,
    current: current?.job.identifier,
    currentSince: current ? since : undefined,
    records,
    expectedAt: left === undefined ? undefined : new Date(now + left * 1000).toISOString(),
  });
}

function secondsOf(execution: HarvestExecution | undefined): number {
  const { startedAt, endedAt } = execution ?? {};
  return startedAt !== undefined && endedAt !== undefined ? Math.round((endedAt - startedAt) / 1000) : 0;
}

function endLine(
  job: HarvestJob,
  list: HarvestList,
  seconds: number,
  execution: HarvestExecution | undefined,
): string {
  const { length } = String(list.jobs.length);
  const position = String(list.jobs.indexOf(job) + 1).padStart(length);
  const outcome = endedWell(job)
    ? job.exitCode === "NOT_MODIFIED"
      ? "not modified"
      : "done"
    : (job.exitCode ?? job.status ?? "");
  const reason = endedWell(job)
    ? ""
    : `  ${(execution?.exitDescription ?? "").split("\n")[0]?.slice(0, 160) ?? ""}`;
  const records = execution?.writeCount ? `  ${count(execution.writeCount)} records` : "";
  const name = shortName(job).padEnd(nameWidth);
  return `${position} of ${list.jobs.length}  ${name}  ${outcome.padEnd(12)}  ${duration(seconds * 1000).padStart(6)}${records}${reason}`.trimEnd();
}

/** The job's description; every one of production's begins with "Harvest", which the step's name says already. */
function shortName({ description, identifier }: HarvestJob): string {
  const name = (description || identifier).replace(/^Harvest (?=\S)/, "");
  return name.length <= nameWidth ? name : `${name.slice(0, nameWidth - 1)}…`;
}

function progressLine(
  list: HarvestList,
  { job, position }: { job: HarvestJob; position: number },
  execution: HarvestExecution | undefined,
  memory: ListMemory,
  now: number,
): string {
  const percent = Math.round(((position - 1) / list.jobs.length) * 100);
  const ran = execution?.startedAt === undefined ? 0 : now - execution.startedAt;
  const left = secondsLeft(list, memory.timings, ran / 1000);
  const eta =
    left === undefined
      ? "no earlier run to compare with"
      : `${duration(left * 1000)} left → ${clockTime(now + left * 1000)}`;
  const records = execution ? `${count(execution.readCount)} records, ` : "";
  return `job ${position} of ${list.jobs.length} (${percent} %): ${shortName(job)}, ${records}running ${duration(ran)}; ${eta}`;
}
