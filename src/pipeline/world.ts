/** Everything a verb works with; built by compose.ts, faked as a whole by tests. */
import type { Settings } from "../config/settings.ts";
import type { Report } from "../domain/report.ts";
import type { Ports } from "../ports/index.ts";
import type { Clock } from "./clock.ts";
import { guardPorts, type Fence } from "./guard.ts";
import { retry, type Refusals, type RetryOptions } from "./retry.ts";
import type { Run } from "./run.ts";
import type { LeaseStore, StateStore } from "./stores.ts";
import type { Log, Task } from "./task.ts";

/** Where something is served, until it is closed. */
export interface Server {
  url: string;
  close: () => Promise<void>;
}

export interface World {
  settings: Settings;
  /** As the adapters are: unguarded. */
  ports: Ports;
  store: StateStore;
  leases: LeaseStore;
  clock: Clock;
  randomInt: (below: number) => number;
  /** A logger for one step, or for the program itself. */
  log: (step?: string) => Log;
  /** Pod name, or host name and process id. */
  identity: string;
  builderNamespace: string;
  /** Words from outside, safe to keep and to show: without secrets, on one line, control characters spelled out. */
  redact: (text: string) => string;
  version: string;
  /** From now on every line of the log says which run it is about. */
  nameRun: (run: { runId: string; release: string }) => void;
  /** Serves the live page and the metrics until closed. Throws where the port can't be had. */
  serve?: (run: Run, page: () => Promise<Report>) => Promise<Server>;
}

export function retryOptions(
  { clock, log, settings }: World,
  signal: AbortSignal,
  step?: string,
): RetryOptions {
  return { clock, log: log(step), signal, timeoutMs: settings.retryTimeoutMs };
}

/** Asks a store, through an outage up to RETRY_TIMEOUT. */
export function ask<T>(world: World, question: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return retry(question, retryOptions(world, signal));
}

/** What a verb's work is given where there is no run; its effects pass the fence. */
export function taskOf(
  world: World,
  step: string,
  fence: Fence,
  { signal, refusals }: { signal: AbortSignal; refusals?: Refusals },
): Task {
  const options = { ...retryOptions(world, signal, step), refusals };
  const { settings, clock } = world;
  return { settings, clock, signal, log: options.log, ports: guardPorts(world.ports, fence, options) };
}
