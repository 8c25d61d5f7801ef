/**
 * The one place that says what an answer means. Adapters say what they saw; here it is a mistake (while the inputs of a run
 * are checked), or an outage that is asked about again with growing pauses until RETRY_TIMEOUT is over.
 */
import { hasChangedDns, type RunState } from "../domain/run.ts";
import { duration } from "../domain/words.ts";
import {
  asOutage,
  BuilderError,
  CancelledError,
  ConfigError,
  ConflictError,
  messageOf,
  PermanentError,
  TransientError,
} from "../errors.ts";
import type { Task } from "./task.ts";

export const minPauseMs = 250;
const maxPauseMs = 15_000;
/** Refusals that trying again doesn't mend: a login, a right, a name that is wrong. */
const refusals = new Set([401, 403, 404]);

/**
 * How refusals are taken: while inputs are checked they are mistakes, later they are outages like any other. What a run's own
 * release is asked for the first time may be refused for as long as an outage may take; then that is the verdict.
 */
export type Refusals = "mistake" | "outage" | "verdict";

export interface RetryOptions extends Pick<Task, "clock" | "log" | "signal"> {
  /** How long one dependency may be away (RETRY_TIMEOUT). */
  timeoutMs: number;
  refusals?: Refusals | undefined;
  /** The run's own release, whose refusals may be verdicts. */
  release?: string;
}

/** How a task's own work is tried again: for RETRY_TIMEOUT. */
export function retryOf({ clock, log, signal, settings }: Task, refusals?: Refusals): RetryOptions {
  return { clock, log, signal, timeoutMs: settings.retryTimeoutMs, refusals };
}

/** The pause before try number `attempt` (from 1), or what the dependency asked for; within sane bounds either way. */
export function pauseMs(attempt: number, error: unknown): number {
  const asked = error instanceof TransientError ? error.retryAfterMs : undefined;
  const wanted = Number.isFinite(asked) ? Number(asked) : minPauseMs * 2 ** (attempt - 1);
  return Math.min(maxPauseMs, Math.max(minPauseMs, wanted));
}

/** Outages that were waited out already, for the whole time: waiting once more would double it. */
const waitedOut = new WeakSet<Error>();

/** Whether asking again may help. */
export function isWorthRetrying(error: unknown): boolean {
  return (error instanceof TransientError && !waitedOut.has(error)) || error instanceof ConflictError;
}

/** The mistake that a refusal is while inputs are checked; undefined for everything else. */
export function mistakeOf(error: unknown): ConfigError | undefined {
  if (!(error instanceof TransientError) || error.status === undefined) return undefined;
  const { status, setting, dependency, message, hint, details } = error;
  // What a setting names is fetched from outside: there any 4xx but "later" is for people to mend.
  const isMistake = setting === undefined ? refusals.has(status) : isRefusal(status);
  if (!isMistake) return undefined;
  const said = [message, ...details.slice(0, 1)].join(": ");
  return new ConfigError(
    [{ where: setting ?? dependency, what: hint ? `${said}; ${hint}` : said }],
    "PREFLIGHT",
  );
}

/** Whether an answer refuses a login or a right. */
export const isAccessRefused = (status: number | undefined): boolean => status === 401 || status === 403;

/** Whether an answer says that nothing was done, and why: any 4xx but "later". */
export function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** Does work again while it fails for reasons that may pass, for the time allowed; each try observes the world first. */
export async function persist<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, signal, log, timeoutMs } = options;
  let failingSince: number | undefined;
  for (let tries = 1; ; tries += 1) {
    const began = clock.monotonic();
    try {
      return await work();
    } catch (thrown) {
      signal.throwIfAborted();
      const error = asOutage(thrown);
      const mistake = options.refusals === "mistake" ? mistakeOf(error) : undefined;
      if (mistake ?? !isWorthRetrying(error)) throw mistake ?? lasting(error, options);
      // It may have worked for hours before this: the outage begins with the failure, not with the work.
      if (failingSince === undefined || clock.monotonic() - began > timeoutMs)
        [failingSince, tries] = [clock.monotonic(), 1];
      if (clock.monotonic() - failingSince >= timeoutMs) throw lasting(error, options);
      const code = error instanceof BuilderError ? error.code : undefined;
      if (tries > 1) log.warn({ code }, `${messageOf(error)}; trying again`);
      await clock.sleep(pauseMs(tries, error), signal);
    }
  }
}

/** What an outage that has lasted for the whole time is: a verdict, where a login or a right had never been proven. */
function lasting(error: unknown, { refusals: taken, release }: RetryOptions): unknown {
  if (taken !== "verdict" || !(error instanceof TransientError)) return error;
  if (!isAccessRefused(error.status) || error.release !== release) return error;
  const { message, hint, details, dependency } = error;
  return new PermanentError("ACCESS_REFUSED", `${dependency} refuses the builder: ${message}`, {
    hint,
    details,
  });
}

/** Once public names have moved, a mistake in what people gave may not close the run: only its next builder can put them right. */
export function leftToTheNext(run: RunState, error: unknown): unknown {
  if (!(error instanceof ConfigError) || !hasChangedDns(run)) return error;
  const what = error.problems.map((problem) => `${problem.where}: ${problem.what}`).join("; ");
  return new CancelledError(error.code, what, { cause: error });
}

/**
 * Makes attempts until one returns no failure; the time allowed counts from the first failure, for a single one may take
 * longer than that. Throws the last failure, and what an attempt throws at once.
 */
export async function untilItWorks(
  attempt: () => Promise<BuilderError | undefined>,
  { clock, log, signal, timeoutMs }: RetryOptions,
): Promise<void> {
  let since: number | undefined;
  for (let tries = 1; ; tries += 1) {
    const failure = await attempt();
    if (!failure) return;
    since ??= clock.monotonic();
    if (clock.monotonic() - since >= timeoutMs) {
      waitedOut.add(failure);
      throw failure;
    }
    const said = failure.details.at(-1);
    log.warn({ code: failure.code }, `${[failure.message, said].filter(Boolean).join(": ")}; trying again`);
    await clock.sleep(pauseMs(tries, failure), signal);
  }
}

/**
 * Asks until there is an answer. Throws the last TransientError when the dependency was away for longer than the time
 * allowed, ConfigError for a refusal that is a mistake, anything else at once, and the signal's reason when it is aborted.
 */
export async function retry<T>(ask: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, log, timeoutMs, signal } = options;
  const since = clock.monotonic();
  let away = "";
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      const answer = await ask();
      if (attempt > 2) log.info({ attempt }, `${away} answers again; going on`);
      return answer;
    } catch (thrown) {
      signal.throwIfAborted();
      const error = asOutage(thrown);
      if (!(error instanceof TransientError)) throw error;
      const mistake = options.refusals === "mistake" ? mistakeOf(error) : undefined;
      if (mistake) throw mistake;
      away = error.dependency;
      const leftMs = since + timeoutMs - clock.monotonic();
      if (leftMs <= 0) {
        waitedOut.add(error);
        throw error;
      }
      if (attempt === 2)
        log.warn({ code: error.code }, `${error.message}; trying again for at most ${duration(leftMs)}`);
      await clock.sleep(Math.min(leftMs, pauseMs(attempt, error)), signal);
    }
  }
}

/** Paces a conditional write that keeps conflicting: each call waits; after as long as an outage may take it throws TransientError. */
export function afterConflict(
  what: string,
  { clock, timeoutMs, signal }: Pick<RetryOptions, "clock" | "timeoutMs" | "signal">,
): () => Promise<void> {
  const since = clock.monotonic();
  return async () => {
    if (clock.monotonic() - since < timeoutMs) return clock.sleep(minPauseMs, signal);
    throw new TransientError(
      "the Kubernetes API",
      `${what} can't be written: somebody else keeps changing it`,
    );
  };
}
