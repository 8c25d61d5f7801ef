import type { RunState } from "../domain/run-state.ts";
import { Checkpoint } from "../pipeline/checkpoint.ts";
import type { Lock } from "../pipeline/lock.ts";
import type { ReadState, Run } from "./read-state.ts";
import type { World } from "./world.ts";

/** The checkpoint of a run on top of what is stored. */
export function checkpointOf(
  world: World,
  lock: Lock,
  run: Run,
  { version, attachments }: Pick<ReadState, "version" | "attachments">,
  signal: AbortSignal,
): Checkpoint<RunState> {
  const { store, clock, settings } = world;
  const patience = { clock, log: world.log(), budgetMs: settings.retryTimeoutMs };
  const ensureHeld = () => lock.ensureHeld(signal);
  return new Checkpoint<RunState>({ store, patience, run, version, attachments, ensureHeld });
}
