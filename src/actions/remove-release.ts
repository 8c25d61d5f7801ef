/** Removes one release and its namespace, behind every interlock, and sees it gone. */
import { isUnlabelled, whyNotDelete } from "../domain/live.ts";
import { annotations, isReleaseName, labels, managedBy } from "../domain/names.ts";
import type { NamespaceView } from "../domain/release.ts";
import { BuilderError, exitCodeOf, exitCodes, RefusedError } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import { Run } from "../pipeline/run.ts";
import type { Task } from "../pipeline/task.ts";
import { waitFor } from "../pipeline/wait.ts";
import { judgeLeftovers, readLive } from "./read-live.ts";

/**
 * Notes on a release's namespace what became of it, if there is one. One that carries the keep annotation is left as it
 * is: it is protected from every deletion already, and the builder's rights end there.
 */
export async function markRelease(
  { ports: { cluster } }: Pick<Task, "ports">,
  name: string,
  marks: Record<string, string | null>,
): Promise<void> {
  const namespace = await cluster.findNamespace(name);
  if (!namespace || annotations.keep in namespace.annotations) return;
  await cluster.annotateNamespace(name, marks);
}

/**
 * Uninstalls the release, deletes its namespace and waits until it is gone; gone already is success.
 * Throws RefusedError INTERLOCK when any interlock objects, TimeoutError NAMESPACE_STUCK with what blocks it.
 */
export async function removeRelease(task: Task, name: string): Promise<void> {
  const { settings, ports, clock, signal } = task;
  const { cluster, releases } = ports;
  const { environment, deleteTimeoutMs } = settings;
  const began = clock.monotonic();
  const leftMs = () => Math.max(1_000, deleteTimeoutMs - (clock.monotonic() - began));
  if (!isReleaseName(environment, name)) throw refused(name, `its name is not ${environment}-<5 characters>`);
  const namespace = await cluster.findNamespace(name);
  if (!namespace) return;
  if (task instanceof Run) await task.waitForClaims();
  // DNS is read here and not passed in: what was true a minute ago protects nothing.
  const live = await readLive(task);
  const services = live.candidates.find((candidate) => candidate.name === name)?.services ?? [];
  const objection = whyNotDelete(
    { ...namespace, services },
    {
      ...settings,
      live: live.releases,
      nothingInDns: !live.records.some(({ type }) => type === "A"),
      now: timestamp(clock),
    },
  );
  if (objection !== undefined) throw refused(name, objection);
  if (!namespace.terminating) {
    // Without its Services an unlabelled release would be nobody's: a builder that is killed half way comes back to it.
    if (isUnlabelled(namespace))
      await cluster.annotateNamespace(
        name,
        {},
        { [labels.managedBy]: managedBy, [labels.environment]: environment },
      );
    await cluster.ensureAccess(name);
    await releases.uninstall(name, leftMs(), signal);
    await cluster.deleteNamespace(name, namespace.uid);
  }
  await waitUntilGone(task, namespace, leftMs());
}

function refused(name: string, objection: string): RefusedError {
  return new RefusedError("INTERLOCK", `${name} is not deleted: ${objection}`, {
    hint: `if it really must go: kubectl delete namespace ${name}`,
  });
}

async function waitUntilGone(task: Task, { name, uid }: NamespaceView, timeoutMs: number): Promise<void> {
  const { cluster } = task.ports;
  await waitFor(
    {
      code: "NAMESPACE_STUCK",
      what: `namespace ${name} being deleted`,
      timeoutMs,
      hint: `see what holds it:  kubectl get namespace ${name} -o yaml`,
      look: async () => {
        const now = await cluster.findNamespace(name);
        if (now?.uid !== uid) return { done: true };
        const blockers = await cluster.blockers(name);
        return {
          seen: `${name} is going; left: ${blockers.slice(0, 5).join("; ") || "the namespace itself"}`,
        };
      },
    },
    task,
  );
}

/**
 * Removes what nothing needs any more, one after the other; one that hangs is named and left: it must not block the run.
 * `inUse` are the releases of a run under way. Returns the names.
 */
export async function removeLeftovers(task: Task, inUse: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const { name, stays } of judgeLeftovers(task, await readLive(task), inUse)) {
    if (stays !== undefined) continue;
    task.log.info({ leftover: name }, `removing ${name}, left by an earlier run`);
    try {
      await removeRelease(task, name);
      removed.push(name);
    } catch (error) {
      if (!(error instanceof BuilderError) || exitCodeOf(error) === exitCodes.interrupted) throw error;
      task.log.warn({ code: error.code, leftover: name }, `${name} stays for now: ${error.message}`);
    }
  }
  return removed;
}
