import type { RunState } from "../domain/run-state.ts";
import { exitCodeOf, exitCodes, messageOf } from "../errors.ts";
import type { Checkpoint } from "../pipeline/checkpoint.ts";
import type { Lock } from "../pipeline/lock.ts";
import { restoreTtl } from "../steps/dns/swap-ttl.ts";
import { fencedPorts } from "./guards.ts";
import { contextFor } from "./step-context.ts";
import type { World } from "./world.ts";

const longestMs = 60_000;

/** After a failure or an abort: records whose TTL the run had lowered get the old one. A failure to do so is told. */
export async function giveTtlsBack(
  world: World,
  lock: Lock,
  checkpoint: Checkpoint<RunState>,
): Promise<void> {
  if (!checkpoint.run.dns?.lowered) return;
  const signal = AbortSignal.timeout(longestMs);
  try {
    const { dns } = fencedPorts(world, lock, signal);
    await restoreTtl(dns, world.settings, checkpoint.run, contextFor(world, checkpoint, "swap-dns", signal));
  } catch (error) {
    world.log().warn({}, `the TTLs of the public names stay lowered: ${messageOf(error)}`);
  }
}

/** Whether another builder will go on with the run: then the lowered TTLs are still wanted. */
export function willGoOn(error: unknown): boolean {
  return exitCodeOf(error) === exitCodes.interrupted;
}
