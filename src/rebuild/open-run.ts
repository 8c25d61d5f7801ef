/** Decides what to work on: the unfinished run, or a new one. */
import type { Settings } from "../config/settings.ts";
import { type Acceptance, acceptableOf } from "../domain/gate.ts";
import { addToHistory, type History, recordedReleases } from "../domain/history.ts";
import { verbCommand } from "../domain/commands.ts";
import { newReleaseName, newRunId } from "../domain/names.ts";
import { duration } from "../domain/words.ts";
import { CheckpointError } from "../errors.ts";
import { isOver } from "../pipeline/run-document.ts";
import { historyEntry } from "./history-entry.ts";
import { type ReadState, type Run, schemaVersion } from "./read-state.ts";

/** How many builders of a run are remembered. */
const mostBuilders = 20;
const slackMs = 3_600_000;

export interface OpenedRun {
  run: Run;
  history: History;
  kind: "new" | "resumed";
  /** A run that was closed because its time was over. */
  expired: Run | undefined;
}

export interface Opening {
  settings: Settings;
  stepNames: readonly string[];
  identity: string;
  jobName: string | undefined;
  now: number;
  randomInt: (below: number) => number;
  /** Names of the environment's namespaces: a new release takes none of them. */
  taken: ReadonlySet<string>;
}

/** The run to work on; nothing is written yet. Throws CheckpointError when the stored steps are not this program's. */
export function openRun({ run, history }: ReadState, opening: Opening): OpenedRun {
  const { now } = opening;
  const since = new Date(now).toISOString();
  if (run && !isOver(run.phase)) {
    if (!isExpired(run, opening)) {
      assertSameSteps(run, opening);
      const builders = [...run.builders, builderOf(opening)].slice(-mostBuilders);
      return { run: { ...run, phase: "running", builders }, history, kind: "resumed", expired: undefined };
    }
    const failure = {
      code: "RUN_EXPIRED",
      message: `not over after ${duration(now - Date.parse(run.startedAt))}; closed`,
    };
    const expired: Run = { ...run, phase: "failed", finishedAt: since, failure };
    const closed = addToHistory(history, historyEntry(expired));
    return { run: newRun(opening, closed), history: closed, kind: "new", expired };
  }
  return { run: newRun(opening, history), history, kind: "new", expired: undefined };
}

/** How long after its end a run may still be met by the next pod of its own Job: Jobs wait up to 6 minutes between pods. */
const retryWindowMs = 3_600_000;

/**
 * Whether the run was brought to its end by an earlier pod of this very Job, which died before it could say so. Only a
 * new Job begins a new run.
 */
export function endedInThisJob(run: Run, jobName: string | undefined, now: number): boolean {
  if (jobName === undefined || !isOver(run.phase) || run.finishedAt === undefined) return false;
  return run.builders.at(-1)?.job === jobName && now - Date.parse(run.finishedAt) < retryWindowMs;
}

/** A run whose names point at the new release already is brought to its end, however late. */
function isExpired(run: Run, { settings, now }: Opening): boolean {
  if (run.dns?.startedAt !== undefined) return false;
  const { podsTimeoutMs, harvest, retryTimeoutMs, approval, approvalTimeoutMs } = settings;
  const waiting = approval.mode === "auto" ? 0 : approvalTimeoutMs;
  const longest = podsTimeoutMs + harvest.timeoutMs + waiting + retryTimeoutMs + slackMs;
  return now - Date.parse(run.startedAt) > longest;
}

/** A stored history that does not match the steps is refused: skipping or repeating one would be a guess. */
function assertSameSteps({ steps, runId }: Run, { stepNames, settings }: Opening): void {
  if (steps.map(({ name }) => name).join() === stepNames.join()) return;
  throw new CheckpointError("STATE_STEPS", `run ${runId} was begun by a powo-builder with other steps`, {
    hint: `let the builder version that began it end it, or drop it:  ${verbCommand("abort", settings.builderNamespace)}`,
  });
}

/** Codes of the runs that were rejected for their counts: nothing else can be accepted. */
const countCodes = new Set(["GATE_RESULTS", "GATE_COUNTS"]);

/** What GATE_ACCEPT says of the run before this one; undefined where it speaks of another, or of another failure. */
function acceptanceOf(
  { settings, now, jobName, identity }: Opening,
  { runs }: History,
): Acceptance | undefined {
  const { accept } = settings.gate;
  // One that was aborted was judged by no gate: it stands between nothing.
  const last = runs.findLast(({ phase }) => phase !== "aborted");
  if (!accept || last?.runId !== accept.runId || !last.gate) return undefined;
  if (!countCodes.has(last.failure?.code ?? "")) return undefined;
  return {
    ...{ of: accept.runId, reason: accept.reason, by: jobName ?? identity },
    at: new Date(now).toISOString(),
    found: acceptableOf(last.gate),
  };
}

/** The builder that takes the run up. */
function builderOf({ identity: name, jobName: job, now }: Opening): Run["builders"][number] {
  return { name, since: new Date(now).toISOString(), ...(job === undefined ? {} : { job }) };
}

function newRun(opening: Opening, history: History): Run {
  const { settings, stepNames, now, randomInt, taken } = opening;
  const { environment } = settings;
  const startedAt = new Date(now).toISOString();
  const releases = recordedReleases(history);
  const acceptance = acceptanceOf(opening, history);
  return {
    schemaVersion,
    runId: newRunId(environment, new Date(now), new Set(history.runs.map(({ runId }) => runId))),
    environment,
    release: newReleaseName(environment, randomInt, new Set([...taken, ...releases])),
    phase: "running",
    startedAt,
    builders: [builderOf(opening)],
    steps: stepNames.map((name) => ({ name, status: "pending", attempts: 0 })),
    known: releases,
    ...(acceptance ? { acceptance } : {}),
  };
}
