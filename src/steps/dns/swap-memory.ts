/** What is remembered of the swap, with the writes that keep it. */
import type { RunState } from "../../domain/run-state.ts";
import { CheckpointError } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";

export type SwapState = NonNullable<RunState["dns"]>;

export interface SwapMemory {
  get(): SwapState;
  save(patch: Partial<SwapState>): Promise<void>;
}

/** The memory of this run's swap; preflight has pinned the old records in it. */
export function swapMemory(state: Readonly<RunState>, context: StepContext<RunState>): SwapMemory {
  if (!state.dns) throw new CheckpointError("STATE_DNS", "the run has no pinned DNS records");
  let swap = state.dns;
  return {
    get: () => swap,
    async save(patch) {
      swap = { ...swap, ...patch };
      await context.save({ dns: swap });
    },
  };
}
