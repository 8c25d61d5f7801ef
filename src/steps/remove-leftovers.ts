/** Makes room before an install: what failed runs left, and what was kept past its time. A third stack would not fit. */
import { RefusedError, TimeoutError } from "../errors.ts";
import type { Settings } from "../config/settings.ts";
import { wasLive, whyNotDelete } from "../domain/live.ts";
import { annotations } from "../domain/names.ts";
import type { NamespaceView } from "../domain/release.ts";
import type { Ports } from "../ports/index.ts";
import { readLive } from "./read-live.ts";
import { removeRelease, type Surroundings } from "./remove-release.ts";

export interface LeftoverScope {
  /** The release of the run that is under way and what it replaces: never leftovers, whatever DNS says meanwhile. */
  inUse: ReadonlySet<string>;
  recorded: ReadonlySet<string>;
}

interface LeftoverContext {
  environment: string;
  now: string;
  live: readonly string[];
  scope: LeftoverScope;
}

/** The namespaces of this environment that nothing needs any more; pure but for what was read. */
export function findLeftovers(
  namespaces: readonly NamespaceView[],
  context: LeftoverContext,
): NamespaceView[] {
  return namespaces.filter((namespace) => whyItStays(namespace, context) === undefined);
}

/** Why a namespace is no leftover, in words; undefined: nothing needs it any more. */
export function whyItStays(
  namespace: NamespaceView,
  { environment, now, live, scope }: LeftoverContext,
): string | undefined {
  if (scope.inUse.has(namespace.name)) return "the run under way needs it";
  const objection = whyNotDelete(namespace, { environment, now, live, recorded: scope.recorded });
  if (objection !== undefined) return objection;
  // What was live once and has no date to go (DELETE_EXISTING off) is the operators' to delete.
  if (wasLive(namespace) && !(annotations.retainUntil in namespace.annotations))
    return "it was live once, and DELETE_EXISTING was off when it was replaced";
  return undefined;
}

/** Removes them, one after the other; one that hangs is reported and left, it must not block the run. Returns the names. */
export async function removeLeftovers(
  ports: Pick<Ports, "cluster" | "releases" | "dns">,
  settings: Settings,
  scope: LeftoverScope,
  surroundings: Surroundings,
): Promise<string[]> {
  const { environment, mappings, deleteTimeoutMs: timeoutMs } = settings;
  const { namespaces, releases: live } = await readLive(ports, environment, mappings);
  const now = new Date(surroundings.clock.now()).toISOString();
  const removed: string[] = [];
  for (const { name } of findLeftovers(namespaces, { environment, now, live, scope })) {
    surroundings.log.info({ leftover: name }, `removing ${name}, left by an earlier run`);
    try {
      await removeRelease(
        ports,
        { environment, name, mappings, recorded: scope.recorded, timeoutMs },
        surroundings,
      );
      removed.push(name);
    } catch (error) {
      if (!(error instanceof TimeoutError || error instanceof RefusedError)) throw error;
      surroundings.log.warn({ code: error.code, leftover: name }, `${name} stays for now: ${error.message}`);
    }
  }
  return removed;
}
