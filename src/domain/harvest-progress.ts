/** Judges how a job list is getting on; pure. */
import type { HarvestJob, HarvestList } from "./harvest.ts";

const wellCodes = new Set(["COMPLETED", "NOT_MODIFIED", "NOOP"]);
const endedStatuses = new Set(["COMPLETED", "FAILED", "STOPPED", "ABANDONED"]);

/** Whether the job's last execution is over. */
export function hasEnded(job: HarvestJob): boolean {
  return job.status !== undefined && endedStatuses.has(job.status);
}

/** Whether it ended well: the harvester never writes ERROR, and NOT_MODIFIED and NOOP are fine (facts.md, 4 and 5). */
export function endedWell(job: HarvestJob): boolean {
  return hasEnded(job) && wellCodes.has(job.exitCode ?? "");
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
export type Timings = Record<string, number[]>;

/** How many runs the timings remember per job. */
const runsRemembered = 5;

/** The timings with one more run added. */
export function addTimings(known: Timings, run: ReadonlyMap<string, number>): Timings {
  const next: Timings = { ...known };
  for (const [name, seconds] of run) next[name] = [...(known[name] ?? []), seconds].slice(-runsRemembered);
  return next;
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
  const usual = median(timings[identifier] ?? []);
  if (usual === undefined || seconds < usual * slowFactor || seconds - usual < slowSeconds) return undefined;
  return usual;
}

/** What is left of the list in seconds by earlier runs; undefined where there are none to compare with. */
export function secondsLeft(
  list: HarvestList,
  timings: Timings,
  currentRunsForSeconds: number,
): number | undefined {
  const usual = (job: HarvestJob) => median(timings[job.identifier] ?? []);
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
