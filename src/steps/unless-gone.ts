/** Tells a release that was deleted under the run from one that is only away for a while. */
import type { RunState } from "../domain/run-state.ts";
import { labels } from "../domain/names.ts";
import { PermanentError, TransientError } from "../errors.ts";
import type { Step } from "../pipeline/step.ts";
import type { Ports } from "../ports/index.ts";

/**
 * The step, which ends the run when it can't reach the release because somebody deleted it: the checkpoint says that it
 * was installed, and without this every later builder would wait for it anew. Throws PermanentError RELEASE_GONE.
 */
export function unlessGone(step: Step<Ports, RunState>): Step<Ports, RunState> {
  return {
    ...step,
    async run(ports, state, context) {
      try {
        return await step.run(ports, state, context);
      } catch (error) {
        context.signal.throwIfAborted();
        if (error instanceof TransientError) await requireThere(ports.cluster, state);
        throw error;
      }
    },
  };
}

async function requireThere(cluster: Ports["cluster"], { release, runId }: RunState): Promise<void> {
  const namespace = await cluster.findNamespace(release);
  const isThere = namespace && !namespace.terminating && namespace.labels[labels.run] === runId;
  if (isThere && (await cluster.observe(release)).workloads.length > 0) return;
  throw new PermanentError("RELEASE_GONE", `${release} was deleted while the run was at work on it`, {
    hint: "start again: the next run makes a new one",
  });
}
