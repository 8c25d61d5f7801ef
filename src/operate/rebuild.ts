/** One invocation of `run`: joins, resumes or begins a run, and brings it to its end or to a safe stop. */
import { joined } from "../domain/words.ts";
import { type Ending, exitCodes } from "../errors.ts";
import type { World } from "../pipeline/world.ts";
import { joinLines } from "./banner.ts";
import { carryRun } from "./carry-run.ts";
import { closeExpired, openRun } from "./open-run.ts";

/** Runs a rebuild; throws what carryRun throws. */
export function rebuild(world: World, signal: AbortSignal): Promise<Ending> {
  return carryRun(world, signal, {
    busy(holder, state) {
      const lines = joinLines(state, holder, world);
      world.log().info({ holder }, joined(lines));
      return { code: exitCodes.done, outcome: lines[0] ?? "" };
    },
    open: async (held, state) => openRun(world, await closeExpired(world, held, state), held.signal),
  });
}
