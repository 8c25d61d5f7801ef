/** Lets a run go on that waits before its swap. */
import { verbCommand } from "../domain/commands.ts";
import { RefusedError } from "../errors.ts";
import { patiently } from "../pipeline/patience.ts";
import { isOver } from "../pipeline/run-document.ts";
import { readState } from "../rebuild/read-state.ts";
import { leaveRequest } from "./requests.ts";
import { requestKinds, type World } from "../rebuild/world.ts";

/** Leaves the approval for the builder; returns what to tell the operator. Throws RefusedError when nothing waits. */
export async function approveRun(world: World, by: string, signal: AbortSignal): Promise<string> {
  const { clock, settings, leases } = world;
  const patience = { clock, log: world.log("approve"), budgetMs: settings.retryTimeoutMs };
  const { run } = await patiently(() => readState(world), patience, signal);
  const waits = run && !isOver(run.phase) && run.approval !== undefined && run.approval.at === undefined;
  if (!waits) {
    throw new RefusedError("NOTHING_WAITS", "nothing waits for approval", {
      hint:
        run && !isOver(run.phase)
          ? `run ${run.runId} is ${run.phase}; see:  ${verbCommand("status", world.builderNamespace)}`
          : "no run is under way",
    });
  }
  const at = new Date(clock.now()).toISOString();
  await patiently(
    () => leaveRequest(leases, requestKinds.approve, [run.runId, word(by), at].join(" ")),
    patience,
    signal,
  );
  return `approved: ${run.release} goes live as soon as its builder looks, within ${Math.ceil(settings.leaseDurationMs / 3000)}s`;
}

/** The approver's name as one word: the request is a line of words. */
function word(name: string): string {
  return name.trim().replaceAll(/\s+/g, "_") || "somebody";
}
