/** Judges how a job list is getting on; pure. */
import type { HarvestJob, HarvestList } from "./harvest.ts";
import type { Attachments, JobResult } from "./attachments.ts";

const wellCodes = new Set(["COMPLETED", "NOT_MODIFIED", "NOOP"]);
const endedStatuses = new Set(["COMPLETED", "FAILED", "STOPPED", "ABANDONED"]);

/** Whether the job's last execution is over. */
export function hasEnded(job: HarvestJob): boolean {
  return job.status !== undefined && endedStatuses.has(job.status);
}

/** Whether its last execution has begun and is not over: also one that died, which stays so for ever. */
export function isUnderWay(job: HarvestJob): boolean {
  return job.status !== undefined && !hasEnded(job);
}

/** Whether an exit code is one of those that are fine: the harvester never writes ERROR. */
export function endedWellBy(exitCode: string | undefined): boolean {
  return wellCodes.has(exitCode ?? "");
}

export function endedWell(job: HarvestJob): boolean {
  return hasEnded(job) && endedWellBy(job.exitCode);
}

/** Whether somebody has started the list: the status is absent right after the call, `nextRun` is not. */
export function wasStarted({ status, nextRun }: HarvestList): boolean {
  return status !== undefined || nextRun !== undefined;
}

export function isListOver({ status }: HarvestList): boolean {
  return status === "Completed" || status === "Failed";
}

/** The job that runs now, by the list's own index. */
export function currentJob(list: HarvestList): { job: HarvestJob; position: number } | undefined {
  if (isListOver(list) || list.currentJob === undefined) return undefined;
  const job = list.jobs[list.currentJob];
  return job ? { job, position: list.currentJob + 1 } : undefined;
}

/** Changes whenever anything moved; a list whose fingerprint stands still makes no progress. */
export function fingerprint(list: HarvestList, records: number | undefined): string {
  const jobs = list.jobs.map(
    ({ status, exitCode, lastExecution }) => `${status}/${exitCode}/${lastExecution}`,
  );
  return [list.status, list.currentJob, list.nextRun, records, ...jobs].join("|");
}

/** The jobs of the list that did not end well. Counts only once the list is over. */
export function badJobs(list: HarvestList): HarvestJob[] {
  return list.jobs.filter((job) => !endedWell(job));
}

/** How many ended how: `81 well, 1 not modified`. */
export function tally(list: HarvestList): string {
  const notModified = list.jobs.filter((job) => endedWell(job) && job.exitCode === "NOT_MODIFIED").length;
  const well = list.jobs.filter(endedWell).length - notModified;
  const bad = list.jobs.length - well - notModified;
  return [
    `${well} well`,
    ...(notModified > 0 ? [`${notModified} not modified`] : []),
    ...(bad > 0 ? [`${bad} did not end well`] : []),
  ].join(", ");
}

/** Durations of jobs in earlier runs, in seconds, newest last. */
export type Timings = ReadonlyMap<string, readonly number[]>;

const maxRuns = 5;
const maxJobs = 2_000;

/** The timings with one more run added; of a job that ran twice the last execution counts. */
export function addTimings(known: Timings, results: readonly JobResult[]): Attachments["timings"] {
  const next = new Map(known);
  const seconds = new Map(results.map(([job, , took]) => [job, took]));
  for (const [job, took] of seconds) next.set(job, [...(known.get(job) ?? []), took].slice(-maxRuns));
  return [...next]
    .map(([job, all]): [string, number[]] => [job, [...all]])
    .toSorted(([, one], [, other]) => (median(other) ?? 0) - (median(one) ?? 0))
    .slice(0, maxJobs);
}

/** Records per job of a run, of a job that ran twice the last; undefined where it had nothing new to read. */
export function recordsPerJob(results: readonly JobResult[]): Map<string, number | undefined> {
  return new Map(
    results.map(([job, , , records, exitCode]) => [job, exitCode === "NOT_MODIFIED" ? undefined : records]),
  );
}

/** The records to compare the next run with; a job that had nothing new keeps what it had brought. */
export function addRecords(
  known: Attachments["records"],
  results: readonly JobResult[],
): Attachments["records"] {
  const before = new Map(known);
  return [...recordsPerJob(results)]
    .map(([job, records]): [string, number] => [job, records ?? before.get(job) ?? 0])
    .filter(([, records]) => records > 0)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, maxJobs);
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** How many times its usual time a job must take to be called slow, and how much longer at least. */
const slowFactor = 3;
const slowSeconds = 60;

/** What is usual for a job, in seconds, where it has taken far longer; undefined where it has not, or nothing is known. */
export function slowAgainst(timings: Timings, identifier: string, seconds: number): number | undefined {
  const usual = median(timings.get(identifier) ?? []);
  if (usual === undefined || seconds < usual * slowFactor || seconds - usual < slowSeconds) return undefined;
  return usual;
}

/** What is left of the list in seconds by earlier runs; undefined where there are none to compare with. */
export function secondsLeft(
  list: HarvestList,
  timings: Timings,
  currentRunsForSeconds: number,
): number | undefined {
  const usual = (job: HarvestJob) => median(timings.get(job.identifier) ?? []);
  const known = list.jobs.map(usual).filter((value) => value !== undefined);
  const typical = median(known);
  if (typical === undefined) return undefined;
  const position = isListOver(list) ? list.jobs.length : (list.currentJob ?? 0);
  return list.jobs.slice(position).reduce((sum, job, index) => {
    if (index > 0 && hasEnded(job)) return sum;
    const whole = usual(job) ?? typical;
    return sum + (index === 0 ? Math.max(0, whole - currentRunsForSeconds) : whole);
  }, 0);
}
