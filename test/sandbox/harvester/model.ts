/**
 * The harvester of ONE release as a pure model: its database, its timer and its jobs. No I/O; time is an
 * injected clock, and `tick()` plays everything that was due since the last call in the order in which it
 * was due, so one jump of the clock over hours gives what a real harvester would show then.
 */
import { serverError, type Answer } from "./answer.ts";
import { ConfigurationStore, type ListRow } from "./configuration-store.ts";
import {
  FULL_SITE_TAXA,
  recordsOf,
  type DataConfiguration,
  type JobConfiguration,
} from "./data-configuration.ts";
import type { Effect } from "./effects.ts";
import {
  executionBody,
  exitCodeOf,
  harvestedShare,
  isUnderWay,
  statusOf,
  type JobExecution,
  type Outcome,
} from "./job-executions.ts";

export interface HarvesterOptions {
  now?: () => number;
  /** Period of the timer that picks up lists; 5 s in the real one. */
  timerMs?: number;
  /** How long a job runs, when neither `durations` nor the parameter `sandbox.duration.ms` says it. */
  jobMs?: number | ((job: JobConfiguration) => number);
  /** Scales the number of taxa that the site finds. */
  taxaFactor?: number;
}

export class HarvesterModel {
  readonly outcomes = new Map<string, Outcome>();
  /** Milliseconds by job identifier; Infinity never ends. */
  readonly durations = new Map<string, number>();
  readonly missingTaxa = new Set<string>();
  /** Scales what the site finds by a filter of its search; undefined: the search knows none. */
  taxonFactors: Map<string, number> | undefined = new Map();
  taxaFactor: number;
  /** The next import stops after so many rows and its caller gets no answer. */
  killImportAfter: number | undefined;

  readonly #now: () => number;
  readonly #timerMs: number;
  readonly #jobMs: (job: JobConfiguration) => number;
  #store = new ConfigurationStore();
  #executions: JobExecution[] = [];
  /** Survives a lost database: it is the test's view, not the harvester's. */
  readonly #effects: Effect[] = [];
  #clock: number;
  #downUntil = -Infinity;

  constructor(options: HarvesterOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#timerMs = Math.max(1, options.timerMs ?? 5_000);
    const jobMs = options.jobMs ?? ((job) => 10_000 + recordsOf(job) * 10);
    this.#jobMs = typeof jobMs === "number" ? () => jobMs : jobMs;
    this.taxaFactor = options.taxaFactor ?? 1;
    this.#clock = this.#now();
  }

  /** What was done to it and which jobs started, up to now. */
  get effects(): readonly Effect[] {
    this.tick();
    return this.#effects;
  }
  get imports(): number {
    return this.#count("import");
  }
  /** How often a list was started from outside. */
  get starts(): number {
    return this.#count("list-run");
  }
  /** How often a single job was started from outside. */
  get jobRuns(): number {
    return this.#count("job-run");
  }
  /** False while the pod restarts after `killPod({ downMs })`. */
  get isUp(): boolean {
    return this.#now() >= this.#downUntil;
  }

  /**
   * POST /data. Not one transaction: with `killAfter` only so many rows are left, and there is no answer
   * (undefined), as when the pod dies.
   */
  importData(doc: DataConfiguration, { killAfter = this.killImportAfter } = {}): Answer | undefined {
    this.tick();
    if (!this.#store.isEmpty) {
      return { status: 200, body: { error: "Configuration already loaded; nothing was changed" } };
    }
    this.killImportAfter = undefined;
    this.#log("import");
    if (!this.#store.load(doc, killAfter)) return undefined;
    return this.#store.broken ? serverError() : { status: 201, body: this.#store.export() };
  }

  /** GET /data: the configuration without any run state. */
  exportData(): Answer {
    return this.#store.broken ? serverError() : { status: 200, body: this.#store.export() };
  }

  /** GET /job/list/{identifier}: an empty 200 for a list that does not exist. */
  list(identifier: string): Answer {
    this.tick();
    const list = this.#store.list(identifier);
    if (!list) return { status: 200 };
    const { nextRun, status } = list;
    return {
      status: 200,
      body: {
        currentJob: list.currentJob,
        description: list.description,
        hasNextJob: list.currentJob + 1 < list.jobs.length,
        id: list.id,
        identifier,
        ...(nextRun !== undefined && { nextRun: new Date(nextRun).toISOString() }),
        ...(status && { status }),
        jobConfigurations: list.jobs.map((job) => this.#jobBody(job)),
      },
    };
  }

  /** POST /job/list/{identifier}/run: NOT idempotent, it starts the list over even while it runs. */
  runList(identifier: string): Answer {
    this.tick();
    const list = this.#store.list(identifier);
    if (!list) return serverError();
    this.#log("list-run", identifier);
    list.currentJob = 0;
    list.nextRun = this.#clock;
    delete list.status;
    return this.list(identifier);
  }

  /** GET /job/configuration/{id}, with the numeric id that the list shows. */
  job(id: number): Answer {
    this.tick();
    const job = this.#store.jobs[id - 1];
    return job ? { status: 200, body: this.#jobBody(job) } : { status: 404 };
  }

  /** POST /job/configuration/{id}/run: at once, beside whatever runs; does not move the list. */
  runJob(id: number): Answer {
    this.tick();
    const job = this.#store.jobs[id - 1];
    if (!job) return { status: 404 };
    this.#log("job-run", job.identifier);
    this.#start(job, false);
    return { status: 200, body: this.#jobBody(job) };
  }

  /** GET /job/configuration/{id}/execution: `{}` for a job that never ran, 500 for an id that does not exist. */
  execution(id: number): Answer {
    this.tick();
    const job = this.#store.jobs[id - 1];
    if (!job) return serverError();
    const last = this.#runsOf(job).at(-1);
    return { status: 200, body: last ? executionBody(last, this.#clock) : {} };
  }

  /** The numeric id of a job, for tests that know its identifier. */
  idOf(identifier: string): number {
    return this.#store.idOf(identifier);
  }

  /** The harvester's pod dies: what was under way stays STARTED for ever, a running list stays Running. */
  killPod({ downMs = 0 } = {}): void {
    this.wedge();
    this.#log("pod-killed");
    this.#downUntil = this.#clock + downMs;
  }

  /** What runs now never ends and reads nothing more, though the pod lives. */
  wedge(): void {
    this.tick();
    for (const execution of this.#executions.filter(isUnderWay)) execution.frozenAt = this.#clock;
  }

  /** An empty database, as after the loss of its volume. */
  loseDatabase(): void {
    this.tick();
    this.#log("database-lost");
    this.#store = new ConfigurationStore();
    this.#executions = [];
  }

  /** A release that was harvested long ago, such as the live one at the start of a test; counts no effect. */
  harvestAtOnce(doc: DataConfiguration): void {
    const before = this.#effects.length;
    this.importData(doc);
    for (const list of this.#store.lists) {
      for (const job of list.jobs) this.#start(job, true).endedAt = this.#clock;
      list.currentJob = Math.max(0, list.jobs.length - 1);
      list.nextRun = this.#clock;
      list.status = "Completed";
    }
    this.#effects.length = before;
  }

  /** Taxa that the site's search finds now: grows with the records of the listed jobs that were harvested. */
  totalTaxa(): number {
    this.tick();
    const jobs = [...new Set(this.#store.lists.flatMap((list) => list.jobs))];
    const all = jobs.reduce((sum, job) => sum + recordsOf(job), 0);
    const harvested = jobs.reduce(
      (sum, job) => sum + recordsOf(job) * harvestedShare(this.#runsOf(job), this.#clock),
      0,
    );
    return all === 0 ? 0 : Math.round(FULL_SITE_TAXA * this.taxaFactor * (harvested / all));
  }

  /** Plays what was due since the last call, in order. Every reading call does so by itself. */
  tick(): void {
    const now = this.#now();
    while (true) {
      const ending = this.#nextEnding();
      const timer = this.#nextTimer();
      const due = Math.min(ending ? ending.startedAt + ending.durationMs : Infinity, timer);
      if (due > now) break;
      this.#clock = Math.max(this.#clock, due);
      // A job that ends at the very moment of the timer is seen by the timer: ends come first.
      if (ending && due === ending.startedAt + ending.durationMs) this.#end(ending);
      else this.#pickUpLists();
    }
    this.#clock = Math.max(this.#clock, now);
  }

  #nextEnding(): JobExecution | undefined {
    const end = (execution: JobExecution) => execution.startedAt + execution.durationMs;
    return this.#executions.filter(isUnderWay).sort((a, b) => end(a) - end(b))[0];
  }

  /** The next beat of the timer that has something to do. */
  #nextTimer(): number {
    const waiting = this.#store.lists.some((list) => list.nextRun !== undefined && canBePickedUp(list));
    if (!waiting) return Infinity;
    const from = Math.max(this.#clock, this.#downUntil);
    return (Math.floor(from / this.#timerMs) + 1) * this.#timerMs;
  }

  #pickUpLists(): void {
    for (const list of this.#store.lists) {
      if (list.nextRun === undefined || !canBePickedUp(list)) continue;
      const job = list.jobs[list.currentJob];
      if (!job) list.status = "Completed";
      else if (list.status === undefined) list.status = "Scheduled";
      else {
        list.status = "Running";
        this.#start(job, true);
      }
    }
  }

  #start(job: JobConfiguration, listed: boolean): JobExecution {
    const { "sandbox.duration.ms": ms, "sandbox.exit.code": exitCode } = job.parameters;
    const execution: JobExecution = {
      id: this.#executions.length + 1,
      job,
      startedAt: this.#clock,
      durationMs: this.durations.get(job.identifier) ?? (ms ? Number(ms) : this.#jobMs(job)),
      outcome: this.outcomes.get(job.identifier) ?? { exitCode: exitCode ?? "COMPLETED" },
      listed,
    };
    this.#executions.push(execution);
    this.#log("job-started", job.identifier);
    return execution;
  }

  /** A failed job does not stop the list. Two chains of jobs both move `currentJob`. */
  #end(execution: JobExecution): void {
    execution.endedAt = this.#clock;
    // Looked up again: a test may have decided meanwhile how it shall end.
    execution.outcome = this.outcomes.get(execution.job.identifier) ?? execution.outcome;
    const list = this.#store.lists.find((row) => execution.listed && row.jobs.includes(execution.job));
    if (!list) return;
    if (list.currentJob + 1 < list.jobs.length) {
      list.currentJob += 1;
      list.nextRun = this.#clock;
      list.status = "Scheduled";
    } else {
      list.status = "Completed";
    }
  }

  #jobBody(job: JobConfiguration): Record<string, unknown> {
    const last = this.#runsOf(job).at(-1);
    return {
      id: this.#store.idOf(job.identifier),
      ...structuredClone(job),
      ...(last && { jobStatus: statusOf(last), jobExitCode: exitCodeOf(last), lastJobExecution: last.id }),
    };
  }

  #runsOf(job: JobConfiguration): JobExecution[] {
    return this.#executions.filter((execution) => execution.job === job);
  }

  #count(kind: Effect["kind"]): number {
    return this.#effects.filter((effect) => effect.kind === kind).length;
  }

  #log(kind: Effect["kind"], identifier?: string): void {
    this.#effects.push({ at: this.#clock, kind, ...(identifier !== undefined && { identifier }) });
  }
}

function canBePickedUp(list: ListRow): boolean {
  return list.status === undefined || list.status === "Scheduled";
}
