/** A step: observes the world, decides, acts, and returns what is to be remembered. It never mutates the state. */
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

export interface StepContext<S> {
  log: Log;
  clock: Clock;
  /** Aborted on SIGTERM, a lost Lease and an operator's abort; its reason is the error to throw. */
  signal: AbortSignal;
  /** Writes a part of the state down now: the intent before an outside effect, the result after it. */
  save(patch: Partial<S>): Promise<void>;
  /** Keeps bytes with the run, for this and every later builder; `patch` is saved by the same write. */
  attach(name: string, bytes: Uint8Array, patch?: Partial<S>): Promise<void>;
  attachment(name: string): Uint8Array | undefined;
  /** Marks the run as waiting for a person, or as going on. */
  setWaiting(waiting: boolean): Promise<void>;
}

export type StepResult<S> =
  | { kind: "done" | "skipped"; output: string; patch: Partial<S> }
  /** Go back to an earlier step: what it made turned out to be unusable. */
  | { kind: "again"; from: string; output: string; patch: Partial<S> };

export interface Step<P, S> {
  /** The checkpoint's key: never renamed, never reused. */
  readonly name: string;
  readonly summary: string;
  run(ports: P, state: Readonly<S>, context: StepContext<S>): Promise<StepResult<S>>;
}

/** The step has reached its goal; `output` is one line for people. */
export function done<S>(output: string, patch: Partial<S> = {}): StepResult<S> {
  return { kind: "done", output, patch };
}

/** The step has nothing to do in this run. */
export function skipped<S>(output: string, patch: Partial<S> = {}): StepResult<S> {
  return { kind: "skipped", output, patch };
}

/** The run must go back to the step named `from`. */
export function again<S>(from: string, output: string, patch: Partial<S> = {}): StepResult<S> {
  return { kind: "again", from, output, patch };
}
