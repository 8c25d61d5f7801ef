/**
 * The harvester of ONE release as a pure model: its database, its timer and its jobs. No I/O; time is an
 * injected clock, and `tick()` plays everything that was due since the last call in the order in which it
 * was due, so one jump of the clock over hours gives what a real harvester would show then.
 */
import { serverError, type Answer } from "./answer.ts";
import { ConfigurationStore } from "./configuration-store.ts";
import {
  FULL_SITE_TAXA,
  recordsOf,
  type DataConfiguration,
  type JobConfiguration,
} from "./data-configuration.ts";
import type { Effect } from "./effects.ts";
import { executionBody, exitCodeOf, harvestedShare, statusOf, type JobExecution } from "./job-executions.ts";
import { Schedule, type HarvesterOptions } from "./schedule.ts";

export type { HarvesterOptions };

export class HarvesterModel {
  readonly missingTaxa = new Set<string>();
  /** Scales what the site finds by a filter of its search; undefined: the search knows none. */
  taxonFactors: Map<string, number> | undefined = new Map();
  /** Filters that the search can't answer: a 500. */
  readonly brokenFilters = new Set<string>();
  /** Scales the number of taxa that the site finds. */
  taxaFactor = 1;
  /** The next import stops after so many rows and its caller gets no answer. */
  killImportAfter: number | undefined;
  /** False where it was started while the database was away: Tomcat knows no application then, also later. */
  isDeployed = true;

  readonly #now: () => number;
  readonly #schedule: Schedule;
  #store = new ConfigurationStore();
  /** Survives a lost database: it is the test's view, not the harvester's. */
  readonly #effects: Effect[] = [];

  constructor(options: HarvesterOptions = {}) {
    this.#now = options.now ?? Date.now;
    const onStart = (job: JobConfiguration) => this.#log("job-started", job.identifier);
    this.#schedule = new Schedule({ ...options, store: this.#store, onStart });
  }

  /** How jobs end, by identifier; COMPLETED where nothing is said. */
  get outcomes(): Schedule["outcomes"] {
    return this.#schedule.outcomes;
  }
  /** Milliseconds by job identifier; Infinity never ends. */
  get durations(): Schedule["durations"] {
    return this.#schedule.durations;
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
    return this.#now() >= this.#schedule.downUntil;
  }
  get isDatabaseAway(): boolean {
    return this.#now() < this.#schedule.awayUntil;
  }

  /**
   * POST /data. Not one transaction: with `killAfter` only so many rows are left, and there is no answer
   * (undefined), as when the pod dies.
   */
  importData(doc: DataConfiguration, { killAfter = this.killImportAfter } = {}): Answer | undefined {
    this.tick();
    const already = { status: 200, body: { error: "Configuration already loaded; nothing was changed" } };
    if (!this.#store.isEmpty) return already;
    this.killImportAfter = undefined;
    this.#log("import");
    switch (this.#store.load(doc, killAfter)) {
      case "killed":
        return undefined;
      case "broken":
        return serverError();
      case "refused":
        return already;
      case "taken":
        return { status: 201, body: this.#store.export() };
    }
  }

  /** GET /data: the configuration; of run state only a list's `nextRun`. */
  exportData(): Answer {
    this.tick();
    return this.#store.broken ? serverError() : { status: 200, body: this.#store.export() };
  }

  /** GET /job/list/{identifier}: an empty 200 for a list that does not exist; a name is cut at its dot. */
  list(name: string): Answer {
    this.tick();
    const list = this.#store.list(name.split(".")[0] ?? "");
    if (!list) return { status: 200 };
    const { nextRun, status } = list;
    return {
      status: 200,
      body: {
        currentJob: list.currentJob,
        description: list.description,
        hasNextJob: list.currentJob + 1 < list.jobs.length,
        id: list.id,
        identifier: list.identifier,
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
    list.nextRun = this.#wholeSecond();
    delete list.status;
    return this.list(list.identifier);
  }

  /** GET /job/configuration/{id}, with the numeric id that the list shows. */
  job(id: number): Answer {
    this.tick();
    const job = this.#store.jobs[id - 1];
    return job ? { status: 200, body: this.#jobBody(job) } : { status: 404 };
  }

  /** POST /job/configuration/{id}/run: soon, beside whatever runs; does not move the list. */
  runJob(id: number): Answer {
    this.tick();
    const job = this.#store.jobs[id - 1];
    if (!job) return { status: 404 };
    this.#log("job-run", job.identifier);
    this.#schedule.startSoon(job);
    return { status: 200, body: this.#jobBody(job) };
  }

  /** GET /job/configuration/{id}/execution: `{}` for a job that never ran, 500 for an id that does not exist. */
  execution(id: number): Answer {
    this.tick();
    const job = this.#store.jobs[id - 1];
    if (!job) return serverError();
    const last = this.#runsOf(job).at(-1);
    return { status: 200, body: last ? executionBody(last, this.#schedule.clock) : {} };
  }

  /** The numeric id of a job, for tests that know its identifier. */
  idOf(identifier: string): number {
    return this.#store.idOf(identifier);
  }

  /** The harvester's pod dies: what was under way stays STARTED for ever, a running list stays Running. */
  killPod({ downMs = 0 } = {}): void {
    this.wedge();
    this.#log("pod-killed");
    this.#schedule.downUntil = this.#schedule.clock + downMs;
  }

  /** What runs now never ends and reads nothing more, though the pod lives. */
  wedge(): void {
    this.#schedule.freeze();
  }

  /** The database can't be reached for so long: see Schedule. */
  loseConnection(ms: number): void {
    this.#schedule.loseConnection(ms);
  }

  /** An empty database, as after the loss of its volume. */
  loseDatabase(): void {
    this.tick();
    this.#log("database-lost");
    this.#store = new ConfigurationStore();
    this.#schedule.begin(this.#store);
  }

  /** A release that was harvested long ago, such as the live one at the start of a test; counts no effect. */
  harvestAtOnce(doc: DataConfiguration): void {
    const before = this.#effects.length;
    this.importData(doc);
    for (const list of this.#store.lists) {
      for (const job of list.jobs) this.#schedule.start(job, true).endedAt = this.#schedule.clock;
      list.currentJob = Math.max(0, list.jobs.length - 1);
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
      (sum, job) => sum + recordsOf(job) * harvestedShare(this.#runsOf(job), this.#schedule.clock),
      0,
    );
    return all === 0 ? 0 : Math.round(FULL_SITE_TAXA * this.taxaFactor * (harvested / all));
  }

  /** Plays what was due since the last call, in order. Every reading call does so by itself. */
  tick(): void {
    this.#schedule.tick();
  }

  #wholeSecond(): number {
    return Math.floor(this.#schedule.clock / 1_000) * 1_000;
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
    return this.#schedule.executions.filter((execution) => execution.job === job);
  }

  #count(kind: Effect["kind"]): number {
    return this.#effects.filter((effect) => effect.kind === kind).length;
  }

  #log(kind: Effect["kind"], identifier?: string): void {
    this.#effects.push({ at: this.#schedule.clock, kind, ...(identifier !== undefined && { identifier }) });
  }
}
