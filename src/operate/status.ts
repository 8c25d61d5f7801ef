/** What `status` tells: the live release first, then the run. Reads only. */
import { followCommand, verbCommand } from "../domain/commands.ts";
import type { Live } from "../domain/live.ts";
import { median, type Timings } from "../domain/harvest-progress.ts";
import { goodDurations, type History } from "../domain/history.ts";
import { messageOf } from "../errors.ts";
import { isOver } from "../pipeline/run-document.ts";
import {
  jobOfKey,
  type JobResults,
  pinnedJobs,
  resultsAttachment,
  timingsAttachment,
  unpack,
} from "../steps/harvest/list-memory.ts";
import { dataAttachment } from "../steps/load-data.ts";
import { readLive } from "../steps/read-live.ts";
import { readOnlyPorts } from "../rebuild/guards.ts";
import { directUpdate } from "../rebuild/last-lines.ts";
import { type ReadState, readState, type Run } from "../rebuild/read-state.ts";
import type { World } from "../rebuild/world.ts";

/** The stable shape of `status -o json`. */
export interface Status {
  environment: string;
  /** Releases that the public names point at; `unknown` says why they could not be found out. */
  live: { releases: string[]; since?: string; directUpdate?: string; unknown?: string };
  run?: {
    runId: string;
    release: string;
    phase: string;
    startedAt: string;
    finishedAt?: string;
    /** When it should be over, by earlier runs. */
    expectedAt?: string;
    builder?: string;
    /** What to type: to follow the builder, to approve, to go on after an interruption. */
    commands: { follow?: string; approve?: string; resume?: string };
    step?: { name: string; position: number; of: number; status: string; since?: string };
    harvest?: {
      list: string;
      ended: number;
      jobs: number;
      /** The job that runs now. */
      current?: string;
      currentSince?: string;
      currentUsualMs?: number;
      records?: number;
      expectedAt?: string;
      /** The jobs that ended last, newest last. */
      recent?: { job: string; exitCode: string; seconds: number; records: number }[];
      /** Jobs that took, or are taking, far longer than usual. */
      slow?: { job: string; usualMs: number; running: boolean }[];
    };
    failure?: { code: string; message: string; details?: string[]; hint?: string };
  };
  history: { runs: number; live: number; medianMs?: number };
}

/** Gathers the status. Throws what reading the state throws; an unreadable DNS is part of the answer. */
export async function readStatus(world: World, signal: AbortSignal): Promise<Status> {
  const state = await readState(world);
  const { run, history } = state;
  const lease = await world.leases.read();
  const live = await findLiveNow(world, signal);
  const since = history.runs.findLast(
    ({ release, phase }) => phase === "succeeded" && live.releases.includes(release),
  )?.finishedAt;
  const [release] = live.releases;
  return {
    environment: world.settings.environment,
    live: {
      ...live,
      ...(since === undefined ? {} : { since }),
      ...(release === undefined ? {} : { directUpdate: directUpdate(release, world.settings.environment) }),
    },
    ...(run ? { run: describeRun(run, state, lease?.holder, world) } : {}),
    history: summarise(history),
  };
}

async function findLiveNow(
  world: World,
  signal: AbortSignal,
): Promise<{ releases: string[]; unknown?: string }> {
  const { environment, mappings } = world.settings;
  try {
    if (mappings.length === 0) return { releases: [], unknown: "no DNS mappings are configured" };
    const { releases }: Live = await readLive(readOnlyPorts(world, signal), environment, mappings);
    return { releases };
  } catch (error) {
    signal.throwIfAborted();
    return { releases: [], unknown: messageOf(error) };
  }
}

type StatusRun = NonNullable<Status["run"]>;

function describeRun(run: Run, state: ReadState, holder: string | undefined, world: World): StatusRun {
  const { runId, release, phase, startedAt, finishedAt, failure } = run;
  const position = run.steps.findIndex(({ status }) => status !== "done" && status !== "skipped");
  const step = run.steps[position];
  const harvest = describeHarvest(run, state);
  const usual = median(goodDurations(state.history));
  const byHistory = usual === undefined ? undefined : new Date(Date.parse(startedAt) + usual).toISOString();
  const expectedAt = isOver(phase) ? undefined : (harvest?.expectedAt ?? byHistory);
  return {
    runId,
    release,
    phase,
    startedAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(expectedAt === undefined ? {} : { expectedAt }),
    ...(holder === undefined || isOver(phase) ? {} : { builder: holder }),
    commands: commandsFor(run, holder, world.builderNamespace),
    ...(step
      ? {
          step: {
            name: step.name,
            position: position + 1,
            of: run.steps.length,
            status: step.status,
            ...(step.startedAt === undefined ? {} : { since: step.startedAt }),
          },
        }
      : {}),
    ...(harvest ? { harvest } : {}),
    ...(failure ? { failure: describeFailure(failure) } : {}),
  };
}

function commandsFor(run: Run, holder: string | undefined, namespace: string): StatusRun["commands"] {
  if (isOver(run.phase)) return {};
  if (holder === undefined) return { resume: verbCommand("run", namespace, "resume-1") };
  const builder = run.builders.findLast(({ name }) => name === holder) ?? { name: holder };
  const approve = run.phase === "waiting-approval" ? { approve: verbCommand("approve", namespace) } : {};
  return { follow: followCommand(builder, namespace), ...approve };
}

function describeFailure({
  code,
  message,
  details,
  hint,
}: NonNullable<Run["failure"]>): NonNullable<StatusRun["failure"]> {
  return {
    code,
    message,
    ...(details === undefined ? {} : { details }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function describeHarvest({ harvest }: Run, { attachments }: ReadState): StatusRun["harvest"] {
  const [list, state] = Object.entries(harvest ?? {}).at(-1) ?? [];
  if (list === undefined || state?.jobs === undefined) return undefined;
  const { current, currentSince, records, expectedAt, slow = [] } = state;
  const nameOf = jobNames(attachments[dataAttachment]);
  const timings = unpack(attachments[timingsAttachment]) as Timings;
  const usual = current === undefined ? undefined : median(timings[current] ?? []);
  return {
    list,
    ended: state.ended ?? 0,
    jobs: state.jobs,
    ...(current === undefined ? {} : { current: nameOf(current) }),
    ...(currentSince === undefined ? {} : { currentSince }),
    ...(usual === undefined ? {} : { currentUsualMs: usual * 1000 }),
    ...(records === undefined ? {} : { records }),
    ...(expectedAt === undefined ? {} : { expectedAt }),
    ...recentJobs(attachments[resultsAttachment], nameOf),
    ...(slow.length === 0
      ? {}
      : {
          slow: slow.map(({ identifier, usualSeconds }) => ({
            job: nameOf(identifier),
            usualMs: usualSeconds * 1000,
            running: identifier === current,
          })),
        }),
  };
}

const mostRecent = 5;

function recentJobs(
  bytes: Uint8Array | undefined,
  nameOf: (identifier: string) => string,
): Pick<NonNullable<StatusRun["harvest"]>, "recent"> {
  const results = Object.entries(unpack(bytes) as JobResults).slice(-mostRecent);
  if (results.length === 0) return {};
  return {
    recent: results.map(([key, [seconds, records, exitCode]]) => ({
      job: nameOf(jobOfKey(key)),
      ...{ exitCode, seconds, records },
    })),
  };
}

/** Names jobs by their descriptions in the data configuration that is kept with the run; by identifier where there is none. */
function jobNames(document: Uint8Array | undefined): (identifier: string) => string {
  const { jobConfigurations } = pinnedJobs(document);
  const descriptions = new Map(
    jobConfigurations.map(({ identifier, description }) => [identifier, description]),
  );
  return (identifier) => descriptions.get(identifier) || identifier;
}

function summarise(history: History): Status["history"] {
  const usual = median(goodDurations(history));
  const good = history.runs.filter(({ phase }) => phase === "succeeded").length;
  return { runs: history.runs.length, live: good, ...(usual === undefined ? {} : { medianMs: usual }) };
}
