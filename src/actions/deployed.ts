/**
 * Whether Helm has done what it was asked to, whatever it says: any of its thirty requests may fail, and where the last one
 * does, which records the end, Helm only warns.
 */
import type { ReleaseView } from "../domain/release.ts";
import { type BuilderError, PermanentError, TransientError } from "../errors.ts";
import type { Task } from "../pipeline/task.ts";

/**
 * Has Helm make a revision after the one given; returns its failure where there is none after it. Throws TransientError
 * when the API server can't be asked.
 */
export async function whyNotDeployed(
  { ports: { cluster, releases }, signal }: Task,
  { name, revision }: Pick<ReleaseView, "name" | "revision">,
  helm: () => Promise<void>,
): Promise<BuilderError | undefined> {
  const failure = await helm().then(
    () => undefined,
    (error: unknown) => {
      signal.throwIfAborted();
      if (error instanceof PermanentError || error instanceof TransientError) return error;
      throw error;
    },
  );
  // Helm says only in words why it failed. An API server that is away is waited for here.
  if (failure) await cluster.version();
  const found = await releases.find(name);
  if (found?.status === "deployed" && found.revision > revision) return undefined;
  const left = `helm reported success, but left ${name} ${found?.status ?? "without a release"}`;
  return failure ?? new PermanentError("HELM_FAILED", left);
}
