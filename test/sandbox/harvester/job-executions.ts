/** Runs of harvest jobs as Spring Batch records them: progress follows from the clock alone. */
import { recordsOf, type JobConfiguration } from "./data-configuration.ts";

/** How a job ends. `status` follows from the exit code unless set. */
export interface Outcome {
  exitCode: string;
  description?: string;
  status?: string;
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
  const readCount = Math.floor(recordsOf(execution.job) * progressOf(execution, now));
  const ended = execution.endedAt !== undefined;
  const filterCount = Math.floor(readCount / 100);
  const readSkipCount = Math.floor(readCount / 5_000);
  // Written in chunks of ten: while the job runs the last chunk is still open.
  const written = Math.max(0, readCount - filterCount - readSkipCount);
  const exitStatus = {
    exitCode: exitCodeOf(execution),
    exitDescription: ended ? (execution.outcome.description ?? "") : "",
  };
  return {
    id: execution.id,
    status,
    startTime: execution.startedAt,
    endTime: execution.endedAt ?? null,
    exitStatus,
    stepExecutions: [
      {
        stepName: execution.job.jobName === "ReIndex" ? "reIndex" : "processArchive",
        // A step that failed may well be COMPLETED: its exit status tells.
        status: ended ? "COMPLETED" : status,
        exitStatus: ended ? exitStatus : { exitCode: "EXECUTING", exitDescription: "" },
        readCount,
        writeCount: ended ? written : written - (written % 10),
        filterCount,
        readSkipCount,
      },
    ],
  };
}

/** Share of a job's records that its runs have brought into the database. */
export function harvestedShare(runs: readonly JobExecution[], now: number): number {
  if (runs.some((run) => run.endedAt !== undefined && SUCCESSES.has(run.outcome.exitCode))) return 1;
  const last = runs.at(-1);
  return last && last.endedAt === undefined ? progressOf(last, now) : 0;
}
