import type { Observer } from "../pipeline/engine.ts";
import { duration } from "../domain/words.ts";
import type { Ports } from "../ports/index.ts";

/** Writes a Kubernetes Event for the start and the end of each step; never waits for them. */
export function announceSteps(notifier: Ports["notifier"], runId: string): Observer {
  return {
    started: (step) =>
      void notifier.announce({ type: "Normal", reason: "StepStarted", message: `${runId}: ${step}` }),
    finished: (step, status, ms, output) => {
      const type = status === "failed" || status === "again" ? "Warning" : "Normal";
      const reason = { done: "StepDone", skipped: "StepSkipped", failed: "StepFailed", again: "StepAgain" }[
        status
      ];
      void notifier.announce({
        type,
        reason,
        message: `${runId}: ${step} after ${duration(ms)}${output && `: ${output}`}`,
      });
    },
  };
}
