/** A step observes the world, decides, writes its intent down, acts, and saves the result. */
import type { Refusals } from "./retry.ts";
import type { Run } from "./run.ts";

export type StepResult =
  /** The step has reached its goal, or has nothing to do in this run; `output` is one line for people. */
  | { kind: "done" | "skipped"; output: string }
  /** The run goes back to an earlier step: what that made turned out to be unusable. */
  | { kind: "again"; from: string; output: string };

export interface Step {
  /** The checkpoint's key: never renamed, never reused. */
  readonly name: string;
  readonly summary: string;
  /** How refusals are taken: by default as outages. */
  readonly refusals?: Refusals;
  run(run: Run): Promise<StepResult>;
}

export function done(output: string): StepResult {
  return { kind: "done", output };
}

export function skipped(output: string): StepResult {
  return { kind: "skipped", output };
}

export function again(from: string, output: string): StepResult {
  return { kind: "again", from, output };
}
