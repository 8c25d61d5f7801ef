/** Follows one job list: what is remembered of it, and how long it may still take. */
import { currentJob, type Timings } from "../../domain/harvest-progress.ts";
import type { HarvestJob, HarvestList } from "../../domain/harvest.ts";
import { jobNames } from "../../domain/job-names.ts";
import type { JobResult } from "../../domain/attachments.ts";
import { type ListState, openedAt } from "../../domain/run.ts";
import { duration } from "../../domain/words.ts";
import { PermanentError, TimeoutError, TransientError } from "../../errors.ts";
import { timestamp } from "../../pipeline/clock.ts";
import type { Run } from "../../pipeline/run.ts";

/** How long the list must be missing to make a lost database, in poll intervals: a proxy may have a bad minute. */
const missingIntervals = 3;

/** The key of an execution: a job that is run again counts as new. */
export function executionKey(job: string, execution: number | undefined): string {
  return `${execution ?? 0} ${job}`;
}

export class Follower {
  readonly run: Run;
  readonly name: string;
  readonly timings: Timings;
  /** How often the harvester was seen to be away. */
  aways = 0;
  #fresh: JobResult[] = [];
  #archives: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(run: Run, name: string) {
    this.run = run.at(run.stepName, { noticed: (call, error) => this.#notice(call, error) });
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

  /**
   * A harvester that was away may have lost the thread of its job without any restart. Written down at once, for as long as
   * nothing moves: the next builder has not seen it.
   */
  async #notice(call: string, error: unknown): Promise<void> {
    if (!call.startsWith("harvester.") || !(error instanceof TransientError)) return;
    if (error.status !== undefined && error.status < 500) return;
    this.aways += 1;
    const { startedAt, awayAt } = this.state;
    if (startedAt !== undefined && awayAt === undefined)
      await this.save({ awayAt: timestamp(this.run.clock) });
  }

  /** The list as the harvester has it. Throws PermanentError DATABASE_LOST where it knows none for a while. */
  async requireList(): Promise<HarvestList> {
    const { clock, log, ports, settings, signal, state } = this.run;
    const { pollIntervalMs } = settings.harvest;
    let missing: { since: number; aways: number } | undefined;
    for (;;) {
      const list = await ports.harvester.findList(state.release, this.name);
      if (list) return list;
      if (!missing) log.warn({}, `the harvester says that it has no list ${this.name}; asking again`);
      // Time in which the harvester was away says nothing.
      if (missing?.aways !== this.aways) missing = { since: clock.monotonic(), aways: this.aways };
      if (clock.monotonic() - missing.since >= missingIntervals * pollIntervalMs)
        throw this.databaseLost("the harvester no longer knows the list");
      await clock.sleep(pollIntervalMs, signal);
    }
  }

  /** What a job reads, by the data configuration: the harvester says that only in its log. */
  async archiveOf(job: string): Promise<string | undefined> {
    this.#archives ??= this.run.document().then(
      (document) => jobNames(document, this.run.world.redact).archives,
      () => new Map<string, string>(),
    );
    const archives = await this.#archives;
    this.run.signal.throwIfAborted();
    return archives.get(job);
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
    const hint = `look:  kubectl get pods,pvc -n ${release}; kubectl logs -n ${release} deploy/db`;
    return new PermanentError("DATABASE_LOST", message, { hint });
  }

  /**
   * The pod that the harvester runs in. `life` is its uid and how often it has restarted, as one text: a change says that
   * the harvester died, and with it whatever job was under way.
   */
  async findPod(): Promise<{ name: string; uid: string; life: string } | undefined> {
    const { ports, state } = this.run;
    const pods = await ports.cluster.findPods(state.release);
    const pod = pods.find(
      ({ component, terminating, phase }) => component === "harvester" && !terminating && phase === "Running",
    );
    if (!pod) return undefined;
    const restarts = pod.containers.filter(({ init }) => !init).map((container) => container.restarts);
    return { ...pod, life: `${pod.uid}/${restarts.reduce((sum, count) => sum + count, 0)}` };
  }

  /** The life of the harvester's pod; empty when there is none. */
  async pod(): Promise<string> {
    return (await this.findPod())?.life ?? "";
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
    const message = `the harvest has not finished after ${duration(settings.harvest.timeoutMs)}; last seen: ${where}`;
    throw new TimeoutError("HARVEST_TIMEOUT", message, {
      hint: `look:  kubectl logs -n ${state.release} deploy/harvester; if it only needs longer, raise HARVEST_TIMEOUT`,
    });
  }
}
