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
    throw new RefusedError("NOTHING_WAITS", "nothing waits for approval", {
      hint: isUnderWay ? `run ${run.runId} is ${run.phase}; see:  ${see}` : "no run is under way",
    });
  }
  const name = by.trim().replaceAll(/\s+/g, " ") || "somebody";
  await send(world, "approve", requestOf(world, run.runId, name), signal);
  const within = duration(Math.ceil(world.settings.leaseDurationMs / 3));
  return `${run.release} goes live within ${within} (approved by ${name})`;
}

/** Who approves, unless a name was given: the Job, or the user outside the cluster. */
export function approverOf(given: unknown, job: string | undefined): string {
  return typeof given === "string" ? given : (job ?? userInfo().username);
}
