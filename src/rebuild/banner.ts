/** The first lines of a builder: which run, and whether it begins, goes on, or leaves the work to another. */
import { followCommand, verbCommand } from "../domain/commands.ts";
import { goodDurations, type History } from "../domain/history.ts";
import { median } from "../domain/harvest-progress.ts";
import { clockTime, duration, ordinal } from "../domain/words.ts";
import { isOver } from "../pipeline/run-document.ts";
import type { OpenedRun } from "./open-run.ts";
import type { ReadState, Run } from "./read-state.ts";
import type { World } from "./world.ts";

/** What a builder says when it takes up a run. */
export function banner(
  { run, kind, expired, history }: OpenedRun,
  world: World,
  lastSeen: number | undefined,
): string[] {
  const title = `powo-builder ${world.version}  run ${run.runId}`;
  const closed = expired
    ? [
        `run ${expired.runId} was never brought to an end (begun ${expired.startedAt}); closed as failed, ${expired.release} goes with the next install`,
      ]
    : [];
  if (kind === "new")
    return [...closed, `${title}  environment ${run.environment}`, ...acceptedLines(run, world)];
  const seen =
    lastSeen === undefined
      ? ""
      : `; the one before was last seen ${new Date(lastSeen).toISOString().slice(11, 19)}`;
  return [
    ...closed,
    `${title} goes on (${ordinal(run.builders.length)} builder${seen})`,
    `next: ${whereabouts(run, history)}; ${wayOut(run, world)}`,
    ...tooLate(run, world),
  ];
}

/** What to type to end the run: before the swap and after it that is not the same. */
function wayOut({ dns }: Run, { builderNamespace }: World): string {
  if (dns?.startedAt === undefined) return `to end it:  ${verbCommand("abort", builderNamespace)}`;
  return `to go back:  ${verbCommand("rollback", builderNamespace)}`;
}

/** What GATE_ACCEPT does for a new run. */
function acceptedLines({ acceptance }: Run, { settings }: World): string[] {
  const { accept } = settings.gate;
  if (acceptance)
    return [
      `accepted by ${acceptance.by}: this run may go live with what run ${acceptance.of} had found (${acceptance.reason})`,
    ];
  if (!accept) return [];
  return [
    `GATE_ACCEPT speaks of run ${accept.runId}, which is not the last run or was not rejected for its counts: it has no effect`,
  ];
}

/** An acceptance is taken up by a run as it begins: one that comes later would be lost in silence. */
function tooLate({ runId, acceptance }: Run, { settings }: Pick<World, "settings">): string[] {
  if (!settings.gate.accept || acceptance) return [];
  return [`GATE_ACCEPT comes too late for run ${runId}, which began without it: it has no effect`];
}

/** What a second builder says, and how to follow or end the run. */
export function joinLines(
  { run, history }: Pick<ReadState, "run" | "history">,
  holder: string,
  { builderNamespace: namespace, settings }: World,
): string[] {
  const builder = run?.builders.findLast(({ name }) => name === holder) ?? { name: holder };
  const follow = followCommand(builder, namespace);
  if (!run || isOver(run.phase)) {
    return [
      `another builder is at work: ${holder}, which is about to begin a run, or has just ended one`,
      `nothing was started. follow it:  ${follow}`,
      `                     if no run begins:  ${verbCommand("run", namespace)}`,
    ];
  }
  return [
    `another builder is at work: run ${run.runId}, ${whereabouts(run, history)}`,
    `nothing to do. follow it:  ${follow}`,
    `               end it:     ${verbCommand("abort", namespace)}`,
    ...tooLate(run, { settings }),
  ];
}

/** `await-harvest, job 9 of 82, expected Mon 07:43`; before the harvest by how long earlier runs took as a whole. */
function whereabouts(run: Run, history: History): string {
  const step =
    run.steps.find(({ status }) => status === "running") ??
    run.steps.find(({ status }) => status !== "done" && status !== "skipped");
  const list = step?.name === "await-harvest" ? Object.values(run.harvest ?? {}).at(-1) : undefined;
  const job =
    list?.jobs === undefined ? [] : [`job ${Math.min(list.jobs, (list.ended ?? 0) + 1)} of ${list.jobs}`];
  const usual = median(goodDurations(history));
  const byHistory = usual === undefined ? undefined : Date.parse(run.startedAt) + usual;
  const end = list?.expectedAt === undefined ? byHistory : Date.parse(list.expectedAt);
  if (run.phase === "waiting-approval") return `${step?.name ?? "swap-dns"}, waiting for approval`;
  const expected =
    end === undefined ? "no earlier run to tell how long it takes" : `expected ${clockTime(end)}`;
  return [step?.name ?? "ending", ...job, expected].join(", ");
}

/** `19h 33m`. */
export function tookText(run: Run): string {
  return run.finishedAt === undefined ? "" : duration(Date.parse(run.finishedAt) - Date.parse(run.startedAt));
}
