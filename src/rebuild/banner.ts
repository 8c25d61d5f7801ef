/** The first lines of a builder: which run, and whether it begins, goes on, or leaves the work to another. */
import { goodDurations } from "../domain/history.ts";
import { median } from "../domain/harvest-progress.ts";
import { clockTime, duration, ordinal } from "../domain/words.ts";
import type { OpenedRun } from "./open-run.ts";
import type { Run } from "./read-state.ts";
import type { World } from "./world.ts";

/** What a builder says when it takes up a run. */
export function banner(
  { run, kind, expired }: OpenedRun,
  world: World,
  lastSeen: number | undefined,
): string[] {
  const title = `powo-builder ${world.version}  run ${run.runId}`;
  const closed = expired
    ? [
        `run ${expired.runId} was never brought to an end (begun ${expired.startedAt}); closed as failed, ${expired.release} goes with the next install`,
      ]
    : [];
  if (kind === "new") return [...closed, `${title}  environment ${run.environment}`];
  const seen =
    lastSeen === undefined
      ? ""
      : `; the one before was last seen ${new Date(lastSeen).toISOString().slice(11, 19)}`;
  return [...closed, `${title} goes on (${ordinal(run.builders.length)} builder${seen})`];
}

/** What a second builder says, and how to follow or end the run. */
export function joinLines(run: Run | undefined, holder: string, world: World): string[] {
  const { environment } = world.settings;
  const namespace = world.builderNamespace;
  if (!run)
    return [
      `another builder is at work: ${holder} is about to begin a run of ${environment}`,
      "nothing to do.",
    ];
  return [
    `another builder is at work: run ${run.runId}, ${whereabouts(run)}`,
    `nothing to do. follow it:  kubectl logs -f -n ${namespace} pod/${holder}`,
    `               end it:     kubectl create job abort-1 --from=cronjob/builder-abort -n ${namespace}`,
  ];
}

/** `await-harvest, job 9 of 82, expected Mon 07:43`. */
export function whereabouts(run: Run): string {
  const step =
    run.steps.find(({ status }) => status === "running") ??
    run.steps.find(({ status }) => status !== "done" && status !== "skipped");
  const list = step?.name === "await-harvest" ? Object.values(run.harvest ?? {}).at(-1) : undefined;
  const job =
    list?.jobs === undefined ? [] : [`job ${Math.min(list.jobs, (list.ended ?? 0) + 1)} of ${list.jobs}`];
  const expected =
    list?.expectedAt === undefined
      ? ["no earlier run to tell how long it takes"]
      : [`expected ${clockTime(Date.parse(list.expectedAt))}`];
  return [step?.name ?? "ending", ...job, ...expected].join(", ");
}

/** How long a rebuild usually takes, from the last good runs; undefined without one. */
export function usualMs(history: Parameters<typeof goodDurations>[0]): number | undefined {
  return median(goodDurations(history));
}

/** `19h 33m`. */
export function tookText(run: Run): string {
  return run.finishedAt === undefined ? "" : duration(Date.parse(run.finishedAt) - Date.parse(run.startedAt));
}
