import type { Observer, StepEnd } from "../pipeline/engine.ts";
import { duration } from "../domain/words.ts";
import type { Ports } from "../ports/index.ts";

const reasons: Record<StepEnd, string> = {
  done: "StepDone",
  skipped: "StepSkipped",
  failed: "StepFailed",
  again: "StepAgain",
  interrupted: "StepInterrupted",
};

/** Writes a Kubernetes Event for the start and the end of each step; never waits for them. */
export function announceSteps(notifier: Ports["notifier"], runId: string): Observer {
  return {
    started: (step) =>
      void notifier.announce({ type: "Normal", reason: "StepStarted", message: `${runId}: ${step}` }),
    finished: (step, status, ms, output) => {
      void notifier.announce({
        type: status === "done" || status === "skipped" ? "Normal" : "Warning",
        reason: reasons[status],
        message: `${runId}: ${step} after ${duration(ms)}${output && `: ${output}`}`,
      });
    },
  };
}
