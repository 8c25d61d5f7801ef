/**
 * The harvester's timer and the threads of its jobs. Time is an injected clock, and `tick()` plays everything that was due
 * since the last call in the order in which it was due.
 */
import type { ConfigurationStore, ListRow } from "./configuration-store.ts";
import { recordsOf, type JobConfiguration } from "./data-configuration.ts";
import { isUnderWay, type JobExecution, type Outcome } from "./job-executions.ts";

export interface HarvesterOptions {
  now?: () => number;
  /** Period of the timer that picks up lists; 5 s in the real one. */
  timerMs?: number;
  /** How long a job runs, when neither `durations` nor the parameter `sandbox.duration.ms` says it. */
  jobMs?: number | ((job: JobConfiguration) => number);
  /** How long a list is Completed before its last job has ended: about 10 ms, under load 0.1 s. */
  completedAheadMs?: number;
}

export interface ScheduleOptions extends HarvesterOptions {
  store: ConfigurationStore;
  onStart: (job: JobConfiguration) => void;
}

/** How long the answer to the start of one job is ahead of its execution. */
const startLagMs = 200;

export class Schedule {
  readonly outcomes = new Map<string, Outcome>();
  /** Milliseconds by job identifier; Infinity never ends. */
  readonly durations = new Map<string, number>();
  store: ConfigurationStore;
  executions: JobExecution[] = [];
  clock: number;
  /** Until then the pod is not there, or the database can't be reached. */
  downUntil = -Infinity;
  awayUntil = -Infinity;
  readonly #options: ScheduleOptions;
  readonly #now: () => number;
  readonly #timerMs: number;
  #starting: { at: number; job: JobConfiguration }[] = [];
  #ids = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.store = options.store;
    this.#now = options.now ?? Date.now;
    this.#timerMs = Math.max(1, options.timerMs ?? 5_000);
    this.clock = this.#now();
  }

  /** Plays what was due since the last call, in order. */
  tick(): void {
    const now = this.#now();
    for (;;) {
      // What ends at the very moment of the timer is seen by it: ends come first.
      const due = [...this.#ends(), ...this.#starts(), ...this.#beat()].sort(
        (one, other) => one.at - other.at,
      )[0];
      if (!due || due.at > now) break;
      this.clock = Math.max(this.clock, due.at);
      due.act();
    }
    this.clock = Math.max(this.clock, now);
  }

  #ends(): { at: number; act: () => void }[] {
    const { completedAheadMs = 10 } = this.#options;
    return this.executions.filter(isUnderWay).flatMap((execution) => {
      const at = execution.startedAt + execution.durationMs;
      const end = { at, act: () => this.#end(execution) };
      if (execution.isAnnounced === true || !this.#isLast(execution)) return [end];
      const ahead = Math.max(execution.startedAt, at - completedAheadMs);
      return [{ at: ahead, act: () => this.#complete(execution) }, end];
    });
  }

  #starts(): { at: number; act: () => void }[] {
    const [next] = this.#starting;
    return next
      ? [{ at: next.at, act: () => this.start(this.#starting.shift()?.job ?? next.job, false) }]
      : [];
  }

  /** The next beat of the timer that has something to do. */
  #beat(): { at: number; act: () => void }[] {
    if (!this.store.lists.some((list) => list.nextRun !== undefined && canBePickedUp(list))) return [];
    const from = Math.max(this.clock, this.downUntil, this.awayUntil);
    return [{ at: (Math.floor(from / this.#timerMs) + 1) * this.#timerMs, act: () => this.#pickUpLists() }];
  }

  #pickUpLists(): void {
    for (const list of this.store.lists) {
      if (list.nextRun === undefined || !canBePickedUp(list)) continue;
      const job = list.jobs[list.currentJob];
      list.status = job ? "Running" : "Completed";
      if (job) this.start(job, true);
    }
  }

  start(job: JobConfiguration, listed: boolean): JobExecution {
    const { "sandbox.duration.ms": ms, "sandbox.exit.code": exitCode } = job.parameters;
    const { jobMs = (one: JobConfiguration) => 10_000 + recordsOf(one) * 10 } = this.#options;
    this.#ids += 1;
    const execution: JobExecution = {
      id: this.#ids,
      job,
      startedAt: this.clock,
      durationMs:
        this.durations.get(job.identifier) ??
        (ms ? Number(ms) : typeof jobMs === "number" ? jobMs : jobMs(job)),
      outcome: this.outcomes.get(job.identifier) ?? { exitCode: exitCode ?? "COMPLETED" },
      listed,
    };
    this.executions.push(execution);
    this.#options.onStart(job);
    return execution;
  }

  /** The answer comes first: the job starts a moment later. */
  startSoon(job: JobConfiguration): void {
    this.#starting.push({ at: this.clock + startLagMs, job });
  }

  /** Another, empty database, which counts executions anew. */
  begin(store: ConfigurationStore): void {
    this.store = store;
    [this.executions, this.#starting, this.#ids] = [[], [], 0];
  }

  /** The threads of all jobs die: what was under way stays STARTED for ever. */
  freeze(): void {
    this.tick();
    this.#starting = [];
    for (const execution of this.executions.filter(isUnderWay)) execution.frozenAt = this.clock;
  }

  /** A step that ends while the database is away takes its job's thread with it; a job in the middle of one fails. */
  loseConnection(ms: number): void {
    this.tick();
    this.awayUntil = this.clock + ms;
    for (const execution of this.executions.filter(isUnderWay)) {
      if (execution.startedAt + execution.durationMs <= this.awayUntil) continue;
      execution.durationMs = this.awayUntil + 1 - execution.startedAt;
      const description = "CannotCreateTransactionException: Could not open JDBC Connection";
      this.outcomes.set(execution.job.identifier, { exitCode: "FAILED", description });
    }
  }

  #listOf({ listed, job }: JobExecution): ListRow | undefined {
    return listed ? this.store.lists.find((row) => row.jobs.includes(job)) : undefined;
  }

  #isLast(execution: JobExecution): boolean {
    const list = this.#listOf(execution);
    return list !== undefined && list.currentJob + 1 >= list.jobs.length;
  }

  /** Written before the last job has ended. */
  #complete(execution: JobExecution): void {
    execution.isAnnounced = true;
    const list = this.#listOf(execution);
    if (!list || this.clock < this.awayUntil) return;
    list.status = "Completed";
    delete list.nextRun;
  }

  /** A failed job does not stop the list. Two chains of jobs both move `currentJob`. */
  #end(execution: JobExecution): void {
    if (this.clock < this.awayUntil) {
      execution.frozenAt = this.clock;
      return;
    }
    execution.endedAt = this.clock;
    // Looked up again: a test may have decided meanwhile how it shall end.
    execution.outcome = this.outcomes.get(execution.job.identifier) ?? execution.outcome;
    const list = this.#listOf(execution);
    if (!list || execution.isAnnounced === true) return;
    if (list.currentJob + 1 < list.jobs.length) {
      list.currentJob += 1;
      list.status = "Scheduled";
    } else {
      this.#complete(execution);
    }
  }
}

/** Picked up at the timer's next beat, and in one go: absent or Scheduled, then Running. */
function canBePickedUp(list: ListRow): boolean {
  return list.status === undefined || list.status === "Scheduled";
}
