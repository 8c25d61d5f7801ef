/** Removes one release and its namespace, behind every interlock, and sees it gone. */
import { isUnlabelled, whyNotDelete } from "../domain/live.ts";
import { annotations, isReleaseName, labels, managedBy } from "../domain/names.ts";
import type { NamespaceView } from "../domain/release.ts";
import { joined } from "../domain/words.ts";
import { PermanentError, RefusedError } from "../errors.ts";
import { Run } from "../pipeline/run.ts";
import type { Task } from "../pipeline/task.ts";
import { waitFor } from "../pipeline/wait.ts";
import { keepEvidence } from "./describe-release.ts";
import { readForDeletion } from "./read-live.ts";

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

/** After this many failed uninstalls a leftover's namespace is deleted anyway. */
const uninstallsThatCount = 2;

export interface Removal {
  /** Nothing needs it any more: an uninstall that keeps failing doesn't keep its namespace. */
  isLeftover?: boolean;
  /** Whether the end of the deletion is waited for (it is); without that it goes by itself. */
  waits?: boolean;
}

/**
 * Uninstalls the release, deletes its namespace and waits until it is gone; gone already is success.
 * Throws RefusedError INTERLOCK when any interlock objects, TimeoutError NAMESPACE_STUCK with what blocks it.
 */
export async function removeRelease(task: Task, name: string, removal: Removal = {}): Promise<void> {
  const { settings, ports, clock } = task;
  const { cluster } = ports;
  const { environment, deleteTimeoutMs } = settings;
  const began = clock.monotonic();
  const leftMs = () => Math.max(1_000, deleteTimeoutMs - (clock.monotonic() - began));
  if (!isReleaseName(environment, name)) throw refused(name, `its name is not ${environment}-<5 characters>`);
  const namespace = await cluster.findNamespace(name);
  if (!namespace) return;
  if (task instanceof Run) await task.waitForClaims();
  await requireUnneeded(task, namespace);
  if (!namespace.terminating) {
    // Once its Services are gone, only labels show a builder that resumes that an unlabelled release is ours.
    if (isUnlabelled(namespace))
      await cluster.annotateNamespace(
        name,
        {},
        { [labels.managedBy]: managedBy, [labels.environment]: environment },
      );
    await cluster.ensureAccess(name);
    await uninstall(task, namespace, { ...removal, timeoutMs: leftMs() });
    await cluster.deleteNamespace(name, namespace.uid);
  }
  if (removal.waits !== false) await waitUntilGone(task, namespace, leftMs());
}

/** Throws RefusedError INTERLOCK unless every interlock agrees. DNS is read here and not passed in: what was true a minute ago protects nothing. */
async function requireUnneeded(task: Task, namespace: NamespaceView): Promise<void> {
  const { candidates, context } = await readForDeletion(task);
  const services = candidates.find(({ name }) => name === namespace.name)?.services ?? [];
  const objection = whyNotDelete({ ...namespace, services }, context);
  if (objection !== undefined) throw refused(namespace.name, objection);
}

/** Uninstalls; failures are counted on the namespace, where no crash forgets them. Throws PermanentError HELM_FAILED. */
async function uninstall(
  task: Task,
  { name, uid, annotations: given }: NamespaceView,
  { isLeftover = false, timeoutMs }: Removal & { timeoutMs: number },
): Promise<void> {
  const { ports, signal, log } = task;
  try {
    await ports.releases.uninstall(name, timeoutMs, signal);
    return;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PermanentError)) throw error;
    const failures = 1 + (Number(given[annotations.uninstallFailures]) || 0);
    await markRelease(task, name, { [annotations.uninstallFailures]: String(failures) });
    if (!isLeftover || failures < uninstallsThatCount) throw error;
    const what = `${error.message}, ${failures} times by now; deleting its namespace anyway`;
    log.warn({ leftover: name }, joined([what, ...error.details.map((line) => `  ${line}`)]));
    if (task instanceof Run) await keepEvidence(task, name, [what, ...error.details]);
  }
  const now = await ports.cluster.findNamespace(name);
  if (now?.uid === uid) await requireUnneeded(task, now);
}

function refused(name: string, objection: string): RefusedError {
  const hint = `if it really must go: kubectl delete namespace ${name}`;
  return new RefusedError("INTERLOCK", `${name} is not deleted: ${objection}`, { hint });
}

async function waitUntilGone(task: Task, { name, uid }: NamespaceView, timeoutMs: number): Promise<void> {
  const { cluster } = task.ports;
  await waitFor(
    {
      code: "NAMESPACE_STUCK",
      what: `namespace ${name} is not gone`,
      timeoutMs,
      hint: `see what holds it:  kubectl get namespace ${name} -o yaml`,
      look: async () => {
        const now = await cluster.findNamespace(name);
        if (now?.uid !== uid) return { done: true };
        const blockers = await cluster.blockers(name);
        return {
          seen: `deleting ${name}; left: ${blockers.slice(0, 5).join("; ") || "the namespace itself"}`,
        };
      },
    },
    task,
  );
}
