/** Removes one release and its namespace, behind every interlock, and sees it gone. */
import { RefusedError } from "../errors.ts";
import type { Mapping } from "../domain/dns-records.ts";
import { whyNotDelete } from "../domain/live.ts";
import { isReleaseName } from "../domain/names.ts";
import type { NamespaceView } from "../domain/release.ts";
import type { RunState } from "../domain/run-state.ts";
import type { Settings } from "../config/settings.ts";
import type { Clock } from "../pipeline/clock.ts";
import type { Log } from "../pipeline/log.ts";
import { waitFor } from "../pipeline/wait.ts";
import type { Ports } from "../ports/index.ts";
import { readLive } from "./read-live.ts";

export interface Removal {
  environment: string;
  name: string;
  mappings: readonly Mapping[];
  /** Releases that a run, its history or the pinned records know as ours. */
  recorded: ReadonlySet<string>;
  timeoutMs: number;
}

/** The releases that a run knows as its environment's: by its history, and by what DNS pointed at when it began. */
export function recordedBy({ known, previous, release }: RunState): ReadonlySet<string> {
  return new Set([...known, ...(previous ?? []), release]);
}

/** The releases that an unfinished run needs: the one it builds, and those it is about to replace. */
export function usedBy({ previous, release }: RunState): ReadonlySet<string> {
  return new Set([...(previous ?? []), release]);
}

/** The removal of a release that a run made or found. */
export function removalOf(settings: Settings, state: RunState, name: string): Removal {
  const { environment, mappings, deleteTimeoutMs: timeoutMs } = settings;
  return { environment, name, mappings, recorded: recordedBy(state), timeoutMs };
}

export interface Surroundings {
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  /** Called once nothing objects, before anything is removed; never throws. */
  onRemoving?: (release: string) => Promise<void>;
}

const pollMs = 2_000;

/**
 * Uninstalls the release, deletes its namespace and waits until it is gone; gone already is success.
 * Throws RefusedError INTERLOCK when any interlock objects, TimeoutError NAMESPACE_STUCK with what blocks it.
 */
export async function removeRelease(
  ports: Pick<Ports, "cluster" | "releases" | "dns">,
  removal: Removal,
  { clock, log, signal, onRemoving }: Surroundings,
): Promise<void> {
  const { cluster, releases, dns } = ports;
  const { environment, name, mappings, timeoutMs } = removal;
  const deadline = clock.now() + timeoutMs;
  if (!isReleaseName(environment, name)) throw refused(name, `its name is not ${environment}-<5 characters>`);
  const namespace = await cluster.findNamespace(name);
  if (!namespace) return;
  // DNS is read here and not passed in: what was true a minute ago protects nothing.
  const { releases: live, records } = await readLive({ cluster, dns }, environment, mappings);
  const objection = whyNotDelete(namespace, {
    environment,
    live,
    nothingInDns: !records.some(({ type }) => type === "A"),
    recorded: removal.recorded,
    now: new Date(clock.now()).toISOString(),
  });
  if (objection !== undefined) throw refused(name, objection);
  if (!namespace.terminating) {
    await cluster.ensureAccess(name);
    await onRemoving?.(name);
    await releases.uninstall(name, Math.max(1_000, deadline - clock.now()), signal);
    await cluster.deleteNamespace(name, namespace.uid);
  }
  await waitUntilGone(cluster, namespace, deadline, { clock, log, signal });
}

function refused(name: string, objection: string): RefusedError {
  return new RefusedError("INTERLOCK", `${name} is not deleted: ${objection}`, {
    hint: `if it really must go: kubectl delete namespace ${name}`,
  });
}

async function waitUntilGone(
  cluster: Ports["cluster"],
  { name, uid }: NamespaceView,
  deadline: number,
  surroundings: Surroundings,
): Promise<void> {
  await waitFor(
    {
      code: "NAMESPACE_STUCK",
      what: `namespace ${name} being deleted`,
      intervalMs: pollMs,
      deadline,
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
    surroundings,
  );
}
