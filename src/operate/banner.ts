/** The first lines of a builder: which run, and whether it begins, goes on, or leaves the work to another. */
import { followCommand, verbCommand } from "../domain/commands.ts";
import { expectedEnd, type History } from "../domain/history.ts";
import { currentStep, isOver, lastOpening, type RunState } from "../domain/run.ts";
import { clockTime, timeOfDay } from "../domain/words.ts";
import type { ReadState } from "../pipeline/state.ts";
import type { World } from "../pipeline/world.ts";
import type { OpenedRun } from "./open-run.ts";
import { wayOut } from "./status.ts";

/** What a builder says when it takes up a run. */
export function banner(
  world: World,
  { run, how, base: { history } }: OpenedRun,
  lastSeen: number | undefined,
): string[] {
  const title = `powo-builder ${world.version}  run ${run.runId}`;
  if (how === "begun") return [`${title}  environment ${run.environment}`];
  const seen = lastSeen === undefined ? "" : `; the one before was last seen ${timeOfDay(lastSeen)}`;
  const goesOn =
    how === "resumed"
      ? `goes on (builder ${run.builders.length}${seen})`
      : `is reopened by ${lastOpening(run)?.by ?? "somebody"}`;
  const verb = wayOut(run);
  return [
    `${title} ${goesOn}`,
    `next: ${whereabouts(run, history)}; to ${verb === "abort" ? "end it" : "go back"}:  ${verbCommand(verb, world.builderNamespace)}`,
  ];
}

/** What a second builder says, and how to follow or end the run. */
export function joinLines(
  { run, history }: ReadState,
  holder: string,
  { builderNamespace: namespace }: World,
): string[] {
  const builder = run?.builders.findLast(({ name }) => name === holder) ?? { name: holder };
  const follow = followCommand(builder, namespace);
  if (!run || isOver(run.phase)) {
    return [
      `another builder is at work: ${holder}, which is about to begin a run or has just ended one`,
      `nothing was started. follow it:  ${follow}`,
      `                     if no run begins:  ${verbCommand("run", namespace)}`,
    ];
  }
  return [
    `another builder is at work: run ${run.runId}, ${whereabouts(run, history)}`,
    `nothing to do. follow it:  ${follow}`,
    `               end it:     ${verbCommand("abort", namespace)}`,
  ];
}

/** `await-harvest, job 9 of 82, expected Mon 07:43`. */
function whereabouts(run: RunState, history: History): string {
  const step = currentStep(run)?.name ?? "ending";
  if (run.phase === "waiting-approval") return `${step}, waiting for approval`;
  const list = step === "await-harvest" ? run.harvest?.at(-1) : undefined;
  const jobs = list?.jobs ?? 0;
  const job = jobs > 0 ? [`job ${Math.min(jobs, (list?.ended ?? 0) + 1)} of ${jobs}`] : [];
  const end = expectedEnd(run, history);
  const expected = end ? `expected ${clockTime(end)}` : "no earlier run to estimate from";
  return [step, ...job, expected].join(", ");
}
