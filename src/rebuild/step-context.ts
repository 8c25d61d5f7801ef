import type { RunState } from "../domain/run-state.ts";
import type { Checkpoint } from "../pipeline/checkpoint.ts";
import { stepContext } from "../pipeline/step-context.ts";
import type { StepContext } from "../pipeline/step.ts";
import type { World } from "./world.ts";

/** What a step gets, for verbs that do a part of a step's work outside the pipeline. */
export function contextFor(
  world: World,
  checkpoint: Checkpoint<RunState>,
  step: string,
  signal: AbortSignal,
): StepContext<RunState> {
  return stepContext(checkpoint, { log: world.log(step), clock: world.clock, signal });
}
