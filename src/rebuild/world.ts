/** Everything a verb works with; built by compose.ts, faked as a whole by tests. */
import type { Settings } from "../config/settings.ts";
import type { History } from "../domain/history.ts";
import type { Clock } from "../pipeline/clock.ts";
import type { Observer } from "../pipeline/engine.ts";
import type { Lock } from "../pipeline/lock.ts";
import type { Log } from "../pipeline/log.ts";
import type { LeaseStore, StateStore } from "../pipeline/stores.ts";
import type { Ports } from "../ports/index.ts";
import type { Run } from "./read-state.ts";

/** Served from the outside; fed by observer, history and every write of the run. */
export interface Metrics {
  observer: Observer;
  past(history: History): void;
  saved(run: Run): void;
  close(): Promise<void>;
}

export interface World {
  settings: Settings;
  /** As the adapters are: unguarded. */
  ports: Omit<Ports, "operators">;
  store: StateStore;
  leases: LeaseStore;
  clock: Clock;
  randomInt: (below: number) => number;
  /** A logger for one step, or for the program itself. */
  log: (step?: string) => Log;
  /** Pod name, or host name and process id. */
  identity: string;
  /** Name of the ConfigMap and the Lease. */
  stateName: string;
  builderNamespace: string;
  jobName: string | undefined;
  /** Hides secrets in text that leaves the program other than by the log. */
  redact: (text: string) => string;
  version: string;
  /** From now on every line of the log says which run it is about. */
  nameRun: (run: { runId: string; release: string }) => void;
  /** Serves metrics; absent where no port is set. */
  openMetrics?: () => Promise<Metrics>;
}

/** The kinds of requests that operators leave on the Lease. */
export const requestKinds = { abort: "abort", approve: "approve", rollback: "rollback" } as const;

/** The approval that an operator left on the Lease, if it is for this run. */
export function readApproval(
  lock: Pick<Lock, "requests">,
  runId: string,
): { by: string; at: string } | undefined {
  const text = lock.requests[requestKinds.approve];
  if (text === undefined) return undefined;
  const [run, by = "somebody", at = ""] = text.split(" ");
  return run === runId ? { by, at } : undefined;
}
