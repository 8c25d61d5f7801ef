/**
 * The taxonomy of everything that can go wrong, and the one place that maps an error to an exit code.
 * An error that is none of these is a bug in powo-builder and is printed with its stack.
 */

/** What Kubernetes is told: done, failed, bad input, refused by an interlock, interrupted and resumable. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, refused: 3, interrupted: 75 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** How a verb has ended: the exit code, and one line for where one line is all there is (the termination message). */
export interface Ending {
  code: ExitCode;
  outcome: string;
}

export interface ErrorDetails {
  /** What to do or type next, one line each. */
  hint?: string | undefined;
  /** Further facts, one line each: what was seen, the last log lines of a culprit. */
  details?: readonly string[] | undefined;
  /** The first of what is at fault, where one line is all there is. */
  culprit?: string | undefined;
  cause?: unknown;
}

/** Base of all expected errors. `code` is stable, upper case, and a heading of docs/errors.md. */
export class BuilderError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  /** The message with the first culprit: for places that show one line (Event, webhook, termination message). */
  readonly summary: string;

  constructor(code: string, message: string, { hint, details, culprit, cause }: ErrorDetails = {}) {
    super(message, { cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = hint;
    this.details = details ?? [];
    this.summary = culprit === undefined ? message : `${message}: ${culprit}`;
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
    const [first, ...others] = problems;
    const culprit = first && `${first.where} ${first.what}${others.length > 0 ? "; …" : ""}`;
    super(code, `configuration: ${count}, nothing was touched`, { culprit });
    this.problems = problems;
  }
}

/** What an adapter saw of an answer that it can't use; what that means is decided by pipeline/retry.ts alone. */
export interface Seen {
  /** The HTTP status; undefined where there was no answer. */
  status?: number | undefined;
  /** What a Retry-After header asked for, in milliseconds, unbounded. */
  retryAfterMs?: number | undefined;
  /** The setting that names what was asked, where it is one: DATA_CONFIG_PATH. */
  setting?: string | undefined;
  /** The release that was asked, or asked about; of a call to a port its guard fills it in. */
  release?: string | undefined;
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
  readonly setting: string | undefined;
  release: string | undefined;

  constructor(dependency: string, message: string, options: ErrorDetails & Seen = {}) {
    super("OUTAGE", message, options);
    this.dependency = dependency;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.setting = options.setting;
    this.release = options.release;
  }
}

const shortages: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "no space is left on the disk",
  EROFS: "the disk is read-only",
  EMFILE: "no more files can be opened",
  ENFILE: "no more files can be opened",
  EAGAIN: "no more processes can be started",
  ENOMEM: "no memory is left",
};

/** A machine that has run out of something is an outage like any other; every other error is itself. */
export function asOutage(error: unknown): unknown {
  if (error instanceof BuilderError || !(error instanceof Error) || !("code" in error)) return error;
  const shortage = shortages[String(error.code)];
  return shortage === undefined
    ? error
    : new TransientError("this machine", `on this machine ${shortage}`, { cause: error });
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

/** The process exit code that an error means. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ConfigError) return exitCodes.badInput;
  if (error instanceof RefusedError) return exitCodes.refused;
  if (error instanceof CancelledError || error instanceof TransientError) return exitCodes.interrupted;
  return exitCodes.failed;
}

/** The message of anything thrown; of bad input the problems alone, for "nothing was touched" may no longer be true. */
export function messageOf(error: unknown): string {
  if (error instanceof ConfigError)
    return error.problems.map(({ where, what }) => `${where}: ${what}`).join("; ");
  return error instanceof Error ? error.message : String(error);
}
