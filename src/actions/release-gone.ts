/** Tells a release that was deleted during the run from one that is only away for a while. */
import { labels } from "../domain/names.ts";
import { PermanentError, TransientError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import type { Step } from "../pipeline/step.ts";

/**
 * The step, which ends the run when it can't reach the release because somebody deleted it: the checkpoint says that it
 * was installed, and without this every later builder would wait for it anew. Throws PermanentError RELEASE_GONE.
 */
export function unlessGone(step: Step): Step {
  return {
    ...step,
    async run(run) {
      try {
        return await step.run(run);
      } catch (error) {
        run.signal.throwIfAborted();
        if (error instanceof TransientError) await requireThere(run);
        throw error;
      }
    },
  };
}

async function requireThere({ ports: { cluster }, state: { release, runId } }: Run): Promise<void> {
  const namespace = await cluster.findNamespace(release);
  const isThere = namespace && !namespace.terminating && namespace.labels[labels.run] === runId;
  if (isThere && (await cluster.observe(release)).workloads.length > 0) return;
  throw new PermanentError("RELEASE_GONE", `${release} was deleted during the run`, {
    hint: "start again: the next run makes a new one",
  });
}
