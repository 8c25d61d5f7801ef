/** Follows one job list: what is remembered of it, and how long it may still take. */
import type { Timings } from "../../domain/harvest-progress.ts";
import { currentJob } from "../../domain/harvest-progress.ts";
import type { HarvestJob, HarvestList } from "../../domain/harvest.ts";
import { type JobResult, type ListState, openedAt } from "../../domain/run.ts";
import { duration } from "../../domain/words.ts";
import { PermanentError, TimeoutError } from "../../errors.ts";
import type { Run } from "../../pipeline/run.ts";

/** The key of an execution: a job that is run again counts as new. */
export function executionKey(job: string, execution: number | undefined): string {
  return `${execution ?? 0} ${job}`;
}

export class Follower {
  readonly run: Run;
  readonly name: string;
  readonly timings: Timings;
  #fresh: JobResult[] = [];

  constructor(run: Run, name: string) {
    this.run = run;
    this.name = name;
    this.timings = new Map(run.attachments.timings);
  }

  /** What is remembered of the list; nothing where it was never begun. */
  get state(): ListState {
    return this.run.state.harvest?.find(({ name }) => name === this.name) ?? { name: this.name };
  }

  /** Saves a part of what is remembered of the list, with the results added since the last save in the same write. */
  async save(patch: Partial<ListState>): Promise<void> {
    const { state, attachments } = this.run;
    const next = { ...this.state, ...patch };
    const known = state.harvest ?? [];
    const isKnown = known.some(({ name }) => name === this.name);
    const harvest = isKnown ? known.map((list) => (list.name === this.name ? next : list)) : [...known, next];
    const fresh = this.#fresh;
    this.#fresh = [];
    await this.run.save(
      { harvest },
      fresh.length > 0 ? { jobs: [...attachments.jobs, ...fresh] } : undefined,
    );
  }

  addResult(result: JobResult): void {
    this.#fresh.push(result);
  }

  /** The executions that were reported, by key. */
  reported(): ReadonlySet<string> {
    return new Set(
      [...this.run.attachments.jobs, ...this.#fresh].map(([job, execution]) => executionKey(job, execution)),
    );
  }

  /** The list as the harvester has it. Throws PermanentError DATABASE_LOST where it knows none. */
  async requireList(): Promise<HarvestList> {
    const { ports, state } = this.run;
    const list = await ports.harvester.findList(state.release, this.name);
    if (!list) throw this.databaseLost("the harvester no longer knows the list");
    return list;
  }

  async requireJob(position: number): Promise<{ job: HarvestJob; list: HarvestList }> {
    const list = await this.requireList();
    const job = list.jobs[position];
    if (!job) throw this.databaseLost("the harvester no longer knows the job");
    return { job, list };
  }

  databaseLost(seen: string): PermanentError {
    const { release } = this.run.state;
    const message = `the database of ${release} was lost: list ${this.name}: ${seen}`;
    return new PermanentError("DATABASE_LOST", message, {
      hint: `look:  kubectl get pods,pvc -n ${release}; kubectl logs -n ${release} deploy/db`,
    });
  }

  /**
   * Which pod the harvester runs in and how often it has restarted, as one text: a change says that the harvester died,
   * and with it whatever job was under way. Empty when there is none.
   */
  async pod(): Promise<string> {
    const { ports, state } = this.run;
    const pods = await ports.cluster.findPods(state.release);
    const pod = pods.find(
      ({ component, terminating, phase }) => component === "harvester" && !terminating && phase === "Running",
    );
    if (!pod) return "";
    const restarts = pod.containers.filter(({ init }) => !init).map((container) => container.restarts);
    return `${pod.uid}/${restarts.reduce((sum, count) => sum + count, 0)}`;
  }

  /** Whether the harvester is known to have died since the pod was remembered. */
  async hasDied(): Promise<boolean> {
    const { pod: before } = this.state;
    const now = await this.pod();
    return now !== "" && Boolean(before) && now !== before;
  }

  /** Throws TimeoutError HARVEST_TIMEOUT once the time for all lists together is over. */
  assertInTime(list: HarvestList | undefined): void {
    const { settings, clock, state } = this.run;
    const starts = (state.harvest ?? []).flatMap(({ startedAt }) => startedAt ?? []);
    const first = Math.min(...starts.map((time) => Date.parse(time)));
    const began = Math.max(first, Date.parse(openedAt(state)));
    if (starts.length === 0 || clock.now() < began + settings.harvest.timeoutMs) return;
    const seen = list && currentJob(list);
    const where = seen
      ? `job ${seen.position} of ${list.jobs.length}, ${seen.job.identifier}`
      : "no running job";
    const message = `the harvest is not over after ${duration(settings.harvest.timeoutMs)}; last seen: ${where}`;
    throw new TimeoutError("HARVEST_TIMEOUT", message, {
      hint: `look:  kubectl logs -n ${state.release} deploy/harvester; a longer HARVEST_TIMEOUT is a setting`,
    });
  }
}

/** A stall clock: counts only the time between two answers, so an outage is never a stall. */
export class StallClock {
  readonly #follower: Follower;
  #idleMs = 0;
  #seen = "";
  #answeredAt: number;

  constructor(follower: Follower) {
    this.#follower = follower;
    this.#answeredAt = follower.run.clock.monotonic();
  }

  /** How long nothing has moved, in milliseconds. */
  get idleMs(): number {
    return this.#idleMs;
  }

  /** Takes an answer in; `seen` changes whenever anything has moved. Throws TimeoutError HARVEST_STALLED. */
  advance(seen: string, list: HarvestList): void {
    const { run, name } = this.#follower;
    const { pollIntervalMs, stallTimeoutMs } = run.settings.harvest;
    const now = run.clock.monotonic();
    // What took longer than two polls was an outage, or a machine that slept.
    const passedMs = Math.min(now - this.#answeredAt, 2 * pollIntervalMs);
    this.#answeredAt = now;
    this.#idleMs = seen === this.#seen ? this.#idleMs + passedMs : 0;
    this.#seen = seen;
    if (this.#idleMs < stallTimeoutMs) return;
    const current = currentJob(list);
    const where = current
      ? `job ${current.position} of ${list.jobs.length}, ${current.job.identifier} (${current.job.status ?? "not started"})`
      : `status ${list.status ?? "absent"}`;
    const message = `list ${name} has not moved for ${duration(this.#idleMs)}; last seen: ${where}`;
    throw new TimeoutError("HARVEST_STALLED", message, {
      hint: `look:  kubectl logs -n ${run.state.release} deploy/harvester`,
    });
  }
}
