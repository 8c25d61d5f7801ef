/** What every action is given: a run has all of it, and so has a verb that works without one. */
import type { Settings } from "../config/settings.ts";
import type { Ports } from "../ports/index.ts";
import type { Clock } from "./clock.ts";

/** What the core needs of a logger: object first, then a short message (pino's own shape). */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Task {
  /** Those that the run is pinned to. */
  readonly settings: Settings;
  /** Retried already, and fenced where the task may change anything. */
  readonly ports: Ports;
  readonly log: Log;
  readonly clock: Clock;
  /** Aborted on SIGTERM, a lost Lease and an operator's abort; its reason is the error to throw. */
  readonly signal: AbortSignal;
}
