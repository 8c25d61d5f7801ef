/** What is remembered of a run: the engine's own part, and the steps' state beside it in one document. */

export type StepStatus = "pending" | "running" | "done" | "failed" | "skipped";

export interface StepRecord {
  name: string;
  status: StepStatus;
  /** How often the step was begun, over all builders. */
  attempts: number;
  /** ISO 8601, UTC. */
  startedAt?: string | undefined;
  finishedAt?: string | undefined;
  /** One line for people. */
  output?: string | undefined;
}

export type Phase =
  "running" | "waiting-approval" | "interrupted" | "succeeded" | "failed" | "aborted" | "rolled-back";

export interface Failure {
  step?: string | undefined;
  code: string;
  message: string;
  details?: string[] | undefined;
  hint?: string | undefined;
  /** What the builder said to its Job. */
  exitCode?: number | undefined;
}

export interface RunHeader {
  schemaVersion: number;
  runId: string;
  phase: Phase;
  startedAt: string;
  finishedAt?: string | undefined;
  /** Which builders have worked on it, in order, and for which Job; bounded. */
  builders: { name: string; since: string; job?: string | undefined }[];
  steps: StepRecord[];
  failure?: Failure | undefined;
}

export type RunDocument<S> = RunHeader & S;

/** Whether nobody will go on with a run in this phase. */
export function isOver(phase: Phase): boolean {
  return phase !== "running" && phase !== "waiting-approval" && phase !== "interrupted";
}
