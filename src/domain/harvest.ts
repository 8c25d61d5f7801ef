/** The harvester's words, as far as the builder needs them. */

export interface HarvestJob {
  id: number;
  identifier: string;
  description: string;
  jobName: string;
  /** Spring Batch status of the last execution; undefined when it never ran. */
  status: string | undefined;
  /** Counts only once the job has ended: UNKNOWN while it runs. */
  exitCode: string | undefined;
  lastExecution: number | undefined;
}

export interface HarvestList {
  id: number;
  identifier: string;
  description: string;
  /** Absent before the first run and between the call to run and the timer. */
  status: string | undefined;
  /** What tells a list that was started from one that never was. */
  nextRun: string | undefined;
  currentJob: number | undefined;
  jobs: HarvestJob[];
}

/** A step of an execution. Its exit code tells which one failed: the Spring Batch status may be COMPLETED even then. */
interface HarvestStep {
  name: string;
  exitCode: string | undefined;
  exitDescription: string | undefined;
  readCount: number;
  writeCount: number;
  filterCount: number;
  /** Skipped while reading, processing or writing. */
  skipCount: number;
}

/** One execution of a job; `{}` from the harvester is undefined here. */
export interface HarvestExecution {
  id: number | undefined;
  status: string;
  /** Milliseconds since the epoch. */
  startedAt: number | undefined;
  endedAt: number | undefined;
  exitCode: string | undefined;
  exitDescription: string | undefined;
  /** Sums over the steps. */
  readCount: number;
  writeCount: number;
  steps: HarvestStep[];
}
