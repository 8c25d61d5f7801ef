/**
 * The taxonomy of everything that can go wrong, and the one place that maps an error to an exit code.
 * An error that is none of these is a bug in powo-builder and is printed with its stack.
 */

/** Exit codes of contract.md. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, refused: 3, interrupted: 75 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface ErrorDetails {
  /** What to do or type next, one line each. */
  hint?: string | undefined;
  /** Further facts, one line each: what was seen, the last log lines of a culprit. */
  details?: readonly string[] | undefined;
  cause?: unknown;
}

/** Base of all expected errors. `code` is stable, upper case, and a heading of docs/errors.md. */
export class BuilderError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(code: string, message: string, { hint, details, cause }: ErrorDetails = {}) {
    super(message, { cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = hint;
    this.details = details ?? [];
  }
}

/** One mistake in the input: where it is, what is wrong, what to do. */
export interface Problem {
  where: string;
  what: string;
}

/** Bad settings, files or usage: all problems at once, nothing was touched. */
export class ConfigError extends BuilderError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], code = "CONFIGURATION") {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(code, `configuration: ${count}, nothing was touched`);
    this.problems = problems;
  }
}

/** What an adapter saw of an answer that it can't use; what that means is decided by pipeline/retry.ts alone. */
export interface Seen {
  /** The HTTP status; undefined where there was no answer. */
  status?: number | undefined;
  /** What a Retry-After header asked for, in milliseconds, unbounded. */
  retryAfterMs?: number | undefined;
}

/**
 * A dependency gave no answer, or one that is neither success nor an expected refusal. Asked again until RETRY_TIMEOUT is
 * over; in preflight a 401, 403 or 404 is a mistake instead.
 */
export class TransientError extends BuilderError {
  /** Who is away, as an operator calls it: "the Kubernetes API", "Cloud DNS". */
  readonly dependency: string;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(dependency: string, message: string, options: ErrorDetails & Seen = {}) {
    super("OUTAGE", message, options);
    this.dependency = dependency;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A wait that ended by its deadline: names the wait and the last thing seen. */
export class TimeoutError extends BuilderError {}

/** Something that trying again can't mend. */
export class PermanentError extends BuilderError {}

/** A safety interlock said no: nothing was done. */
export class RefusedError extends BuilderError {}

/** The state ConfigMap is not what this builder wrote or can read. */
export class CheckpointError extends RefusedError {}

/** A conditional write found that somebody else had written in between. */
export class ConflictError extends BuilderError {
  constructor(what: string, cause?: unknown) {
    super("CONFLICT", `${what} was changed by somebody else`, { cause });
  }
}

/** Stopped from outside with everything saved: SIGTERM, a lost Lease. Resumable. */
export class CancelledError extends BuilderError {}

/** An operator asked for the run to end. */
export class AbortedError extends BuilderError {
  constructor(message: string) {
    super("ABORTED", message);
  }
}

/** The process exit code that an error means (contract.md, "Exit codes"). */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ConfigError) return exitCodes.badInput;
  if (error instanceof RefusedError) return exitCodes.refused;
  if (error instanceof CancelledError || error instanceof TransientError) return exitCodes.interrupted;
  return exitCodes.failed;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
