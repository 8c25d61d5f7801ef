/** What is remembered of one job list, with the writes that keep it. */
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { HarvestJob } from "../../domain/harvest.ts";
import type { ListState, RunState } from "../../domain/run-state.ts";
import type { Timings } from "../../domain/harvest-progress.ts";
import type { StepContext } from "../../pipeline/step.ts";

/** How one job ended: seconds, records, exit code; and when it began, in seconds since the epoch, where that is known. */
export type JobResult = [seconds: number, records: number, exitCode: string, startedAt?: number];
export type JobResults = Record<string, JobResult>;

/** Attachments: how this run's jobs ended, and how long jobs took in earlier runs. */
export const resultsAttachment = "jobs";
export const timingsAttachment = "timings";
/** Attachment: how many records each job brought in the last run that went live. */
export const recordsAttachment = "records";

/** Where bytes are kept with the run. */
interface Attachments {
  attachment(name: string): Uint8Array | undefined;
}

/** Records per job of this run, of a job that ran twice the last; undefined where it had nothing new to read. */
export function jobRecords(from: Attachments): Map<string, number | undefined> {
  const results = unpack(from.attachment(resultsAttachment)) as JobResults;
  return new Map(
    Object.entries(results).map(([key, [, records, exitCode]]) => [
      jobOfKey(key),
      exitCode === "NOT_MODIFIED" ? undefined : records,
    ]),
  );
}

/** How many jobs' records are remembered: those that brought most. */
const mostRemembered = 2_000;

/** The records to compare the next run with; a job that had nothing new keeps what it had brought. */
export function nextRecords(from: Attachments): Record<string, number> {
  const known = unpack(from.attachment(recordsAttachment)) as Record<string, number>;
  return Object.fromEntries(
    [...jobRecords(from)]
      .map(([job, records]) => [job, records ?? known[job] ?? 0] as const)
      .filter(([, records]) => records > 0)
      .toSorted(([, one], [, other]) => other - one)
      .slice(0, mostRemembered),
  );
}

/** The key of a result. A job that is run again counts as new: its execution is part of the key. */
export function resultKey({ identifier, lastExecution }: HarvestJob): string {
  return `${identifier}#${lastExecution ?? 0}`;
}

/** The job that a result is of. */
export function jobOfKey(key: string): string {
  return key.replace(/#\d+$/, "");
}

export interface ListMemory {
  readonly name: string;
  readonly results: JobResults;
  readonly timings: Timings;
  get(): ListState;
  save(patch: Partial<ListState>): Promise<void>;
  /** Adds a job's result; written with the next `save`. */
  addResult(identifier: string, result: JobResult): void;
}

/** The memory of list `name` of this run. */
export function listMemory(
  name: string,
  state: Readonly<RunState>,
  context: StepContext<RunState>,
): ListMemory {
  let all = state.harvest ?? {};
  let unsaved = false;
  const results = unpack(context.attachment(resultsAttachment)) as JobResults;
  return {
    name,
    results,
    timings: unpack(context.attachment(timingsAttachment)) as Timings,
    get: () => all[name] ?? {},
    addResult(identifier, result) {
      results[identifier] = result;
      unsaved = true;
    },
    async save(patch) {
      all = { ...all, [name]: { ...all[name], ...patch } };
      if (unsaved) await context.attach(resultsAttachment, pack(results), { harvest: all });
      else await context.save({ harvest: all });
      unsaved = false;
    },
  };
}

/** Compresses a JSON value; quality 5 is quick and close to the best for such text. */
export function pack(value: unknown): Uint8Array {
  return brotliCompressSync(JSON.stringify(value), { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
}

/** The value of a packed attachment, or an empty object. */
export function unpack(bytes: Uint8Array | undefined): unknown {
  return bytes ? JSON.parse(brotliDecompressSync(bytes).toString()) : {};
}

/** What is told of jobs by the data configuration that is kept with the run; empty where none is. */
export interface PinnedJobs {
  jobConfigurations: { identifier: string; description?: string; jobName?: string }[];
  jobLists: { identifier: string; jobConfigurations: string[] }[];
}

export function pinnedJobs(document: Uint8Array | undefined): PinnedJobs {
  return { jobConfigurations: [], jobLists: [], ...(unpack(document) as Partial<PinnedJobs>) };
}
