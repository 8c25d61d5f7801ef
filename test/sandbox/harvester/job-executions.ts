/** Runs of harvest jobs as Spring Batch records them: progress follows from the clock alone. */
import { recordsOf, type JobConfiguration } from "./data-configuration.ts";

/** How a job ends. `status` follows from the exit code unless set. */
export interface Outcome {
  exitCode: string;
  /** Why, as the step that failed says it. */
  description?: string;
  status?: string;
  /** What share of the records is read and skipped, though the job ends well. */
  skipped?: number;
}

export interface JobExecution {
  id: number;
  job: JobConfiguration;
  startedAt: number;
  durationMs: number;
  outcome: Outcome;
  /** Whether its end moves the list on: a single run does not. */
  listed: boolean;
  /** When it ended; nothing for one that is under way. */
  endedAt?: number;
  /** When it stopped moving for ever (its pod died, or it hangs): it stays STARTED in the database. */
  frozenAt?: number;
  /** Its list was called Completed already. */
  isAnnounced?: boolean;
}

const SUCCESSES = new Set(["COMPLETED", "NOT_MODIFIED", "NOOP"]);
const UNHAPPY = new Set(["FAILED", "STOPPED", "UNKNOWN", "ABANDONED"]);

export function isUnderWay(execution: JobExecution): boolean {
  return execution.endedAt === undefined && execution.frozenAt === undefined;
}

/** Share of the job's records that were read at this time. */
function progressOf(execution: JobExecution, now: number): number {
  const until = execution.endedAt ?? execution.frozenAt ?? now;
  const share = execution.durationMs > 0 ? (until - execution.startedAt) / execution.durationMs : 1;
  const reached = Math.min(1, Math.max(0, share));
  if (execution.endedAt === undefined || execution.outcome.exitCode === "COMPLETED") return reached;
  // An archive that hasn't changed is not read at all; a job that fails does so half-way.
  return UNHAPPY.has(execution.outcome.exitCode) ? reached / 2 : 0;
}

export function statusOf(execution: JobExecution): string {
  if (execution.endedAt === undefined) return "STARTED";
  const { status, exitCode } = execution.outcome;
  return status ?? (UNHAPPY.has(exitCode) ? exitCode : "COMPLETED");
}

/** `UNKNOWN` as long as the job runs: an exit code counts only once it has ended. */
export function exitCodeOf(execution: JobExecution): string {
  return execution.endedAt === undefined ? "UNKNOWN" : execution.outcome.exitCode;
}

/** The execution as `GET /job/configuration/{id}/execution` shows it. */
export function executionBody(execution: JobExecution, now: number): Record<string, unknown> {
  const status = statusOf(execution);
  const ended = execution.endedAt !== undefined;
  const isIndex = execution.job.jobName === "ReIndex";
  // Counted chunk by chunk: 100 records, the index job 1,000.
  const reached = Math.floor(recordsOf(execution.job) * progressOf(execution, now));
  const readCount = ended ? reached : reached - (reached % (isIndex ? 1_000 : 100));
  const filterCount = Math.floor(readCount / 100);
  const readSkipCount = Math.floor(readCount * (execution.outcome.skipped ?? 0.000_2));
  const writeCount = Math.max(0, readCount - filterCount - readSkipCount);
  const exitCode = exitCodeOf(execution);
  const stepName = isIndex ? "reIndex" : "processArchive";
  return {
    id: execution.id,
    status,
    startTime: execution.startedAt,
    endTime: execution.endedAt ?? null,
    exitStatus: { exitCode, exitDescription: ended ? describe(execution, stepName) : "" },
    stepExecutions: [
      {
        stepName,
        // A step that failed may well be COMPLETED: its exit status tells.
        status: ended ? "COMPLETED" : status,
        exitStatus: ended
          ? { exitCode, exitDescription: execution.outcome.description ?? "" }
          : { exitCode: "EXECUTING", exitDescription: "" },
        ...{ readCount, writeCount, filterCount, readSkipCount },
      },
    ],
  };
}

/** What a job says of its end: of one that failed always the same first line, and which step it was, but not why. */
function describe({ outcome: { exitCode }, job }: JobExecution, step: string): string {
  if (!UNHAPPY.has(exitCode)) return "";
  return [
    "org.springframework.batch.core.JobExecutionException: Flow execution ended unexpectedly",
    "\tat org.springframework.batch.core.job.flow.FlowJob.doExecute(FlowJob.java:140)",
    `Caused by: org.springframework.batch.core.job.flow.FlowExecutionException: Ended flow=${job.jobName} at state=${step} with exit status=${exitCode}`,
    "\tat org.springframework.batch.core.job.flow.support.SimpleFlow.resume(SimpleFlow.java:178)",
  ].join("\n");
}

/** Share of a job's records that its runs have brought into the database. */
export function harvestedShare(runs: readonly JobExecution[], now: number): number {
  if (runs.some((run) => run.endedAt !== undefined && SUCCESSES.has(run.outcome.exitCode))) return 1;
  const last = runs.at(-1);
  return last && last.endedAt === undefined ? progressOf(last, now) : 0;
}
