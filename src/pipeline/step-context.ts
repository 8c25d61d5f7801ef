import type { Checkpoint } from "./checkpoint.ts";
import type { StepContext } from "./step.ts";

/** What a step gets beside ports and state; everything that it saves goes into this checkpoint. */
export function stepContext<S extends object>(
  checkpoint: Checkpoint<S>,
  { log, clock, signal }: Pick<StepContext<S>, "log" | "clock" | "signal">,
): StepContext<S> {
  return {
    log,
    clock,
    signal,
    save: (patch) => checkpoint.save(patch, signal),
    attach: (name, bytes, patch) => checkpoint.attach(name, bytes, signal, patch),
    attachment: (name) => checkpoint.attachment(name),
    setWaiting: (waiting) => checkpoint.setPhase(waiting ? "waiting-approval" : "running", signal),
  };
}
