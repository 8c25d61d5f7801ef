/** What `status` tells: the live release first, then the run. Reads only. */
import type { Live } from "../domain/live.ts";
import { clockTime, count, date, duration } from "../domain/words.ts";
import { median } from "../domain/harvest-progress.ts";
import { goodDurations, type History } from "../domain/history.ts";
import { messageOf } from "../errors.ts";
import { isOver } from "../pipeline/run-document.ts";
import { readLive } from "../steps/read-live.ts";
import { readOnlyPorts } from "./guards.ts";
import { directUpdate } from "./last-lines.ts";
import { readState, type Run } from "./read-state.ts";
import type { World } from "./world.ts";

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
    builder?: string;
    step?: { name: string; position: number; of: number; status: string; since?: string };
    harvest?: {
      list: string;
      ended: number;
      jobs: number;
      current?: string;
      records?: number;
      expectedAt?: string;
    };
    failure?: { code: string; message: string };
  };
  history: { runs: number; live: number; medianMs?: number };
}

/** Gathers the status. Throws what reading the state throws; an unreadable DNS is part of the answer. */
export async function readStatus(world: World, signal: AbortSignal): Promise<Status> {
  const { run, history } = await readState(world.store, world.stateName);
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
    ...(run ? { run: describeRun(run, lease?.holder) } : {}),
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

function describeRun(run: Run, holder: string | undefined): NonNullable<Status["run"]> {
  const { runId, release, phase, startedAt, finishedAt, failure } = run;
  const position = run.steps.findIndex(({ status }) => status !== "done" && status !== "skipped");
  const step = run.steps[position];
  const [list, state] = Object.entries(run.harvest ?? {}).at(-1) ?? [];
  return {
    runId,
    release,
    phase,
    startedAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(holder === undefined || isOver(phase) ? {} : { builder: holder }),
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
    ...(list !== undefined && state?.jobs !== undefined
      ? {
          harvest: {
            list,
            ended: state.ended ?? 0,
            jobs: state.jobs,
            ...(state.current === undefined ? {} : { current: state.current }),
            ...(state.records === undefined ? {} : { records: state.records }),
            ...(state.expectedAt === undefined ? {} : { expectedAt: state.expectedAt }),
          },
        }
      : {}),
    ...(failure ? { failure: { code: failure.code, message: failure.message } } : {}),
  };
}

function summarise(history: History): Status["history"] {
  const usual = median(goodDurations(history));
  const good = history.runs.filter(({ phase }) => phase === "succeeded").length;
  return { runs: history.runs.length, live: good, ...(usual === undefined ? {} : { medianMs: usual }) };
}

const barWidth = 28;

/** The status in lines for people; `now` in milliseconds since the epoch. */
export function statusLines({ environment, live, run, history }: Status, now: number): string[] {
  const releases =
    live.releases.join(" and ") || (live.unknown ? `unknown: ${live.unknown}` : `nothing of ${environment}`);
  const since = live.since === undefined ? "" : `   since ${date(Date.parse(live.since))}`;
  const update = live.directUpdate === undefined ? "" : `   direct update: ${live.directUpdate}`;
  const lines = [`live      ${releases}${since}${update}`];
  if (!run) lines.push("run       none yet");
  else lines.push(...runLines(run, now));
  if (history.runs > 0) {
    const usual = history.medianMs === undefined ? "" : `; median ${duration(history.medianMs)}`;
    lines.push(`last      ${history.live} of the last ${history.runs} runs went live${usual}`);
  }
  return lines;
}

function runLines(run: NonNullable<Status["run"]>, now: number): string[] {
  const end = run.finishedAt === undefined ? now : Date.parse(run.finishedAt);
  const builder = run.builder === undefined ? "" : `, builder ${run.builder}`;
  const lines = [
    `run       ${run.runId} → ${run.release}   ${run.phase} ${duration(end - Date.parse(run.startedAt))}${builder}`,
  ];
  if (run.failure) lines.push(`failed    ${run.failure.message} [${run.failure.code}]`);
  const { step, harvest } = run;
  if (!step || run.phase === "succeeded") return lines;
  const harvesting = step.name === "await-harvest" && harvest;
  const progress = harvesting
    ? `  ${bar(harvest.ended / harvest.jobs)}  ${harvest.ended} of ${harvest.jobs}`
    : "";
  const expected =
    harvesting && harvest.expectedAt ? `   expected ${clockTime(Date.parse(harvest.expectedAt))}` : "";
  lines.push(`step      ${step.position} of ${step.of}  ${step.name}${progress}${expected}`);
  if (harvesting && harvest.current !== undefined) {
    const records = harvest.records === undefined ? "" : `   ${count(harvest.records)} records`;
    lines.push(`now       ${harvest.current}${records}`);
  }
  return lines;
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
  return `[${"█".repeat(full)}${"░".repeat(barWidth - full)}]`;
}
