/** Lets a run go on that waits before its swap. */
import { userInfo } from "node:os";
import { verbCommand } from "../domain/commands.ts";
import { isOver } from "../domain/run.ts";
import { duration } from "../domain/words.ts";
import { RefusedError } from "../errors.ts";
import { readState } from "../pipeline/state.ts";
import type { World } from "../pipeline/world.ts";
import { requestOf, send } from "./hold-lock.ts";

/** Leaves the approval for the builder; returns what to tell the operator. Throws RefusedError when nothing waits. */
export async function approveRun(world: World, by: string, signal: AbortSignal): Promise<string> {
  const { run } = await readState(world, signal);
  const isUnderWay = run !== undefined && !isOver(run.phase);
  if (!isUnderWay || run.approval === undefined || run.approval.at !== undefined) {
    const see = verbCommand("status", world.builderNamespace);
    const hint = isUnderWay ? `run ${run.runId} is ${run.phase}; see:  ${see}` : "no run is under way";
    throw new RefusedError("NOTHING_WAITS", "nothing waits for approval", { hint });
  }
  await send(world, "approve", requestOf(world, run.runId, by), signal);
  const within = duration(Math.ceil(world.settings.leaseDurationMs / 3));
  return `${run.release} goes live within ${within} (approved by ${by})`;
}

/** Who gives an operator's word: the name that was given, or the Job, or the user outside the cluster. */
export function operatorOf(given: unknown, job: string | undefined): string {
  const name = typeof given === "string" ? given : (job ?? userInfo().username);
  return name.trim().replaceAll(/\s+/g, " ") || "somebody";
}
