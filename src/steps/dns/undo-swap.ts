/** Puts the old records back: what now points at the new release gets what it had before. */
import type { Settings } from "../../config/settings.ts";
import { drainMs, planUndo } from "../../domain/dns-plan.ts";
import { annotations } from "../../domain/names.ts";
import type { RunState } from "../../domain/run-state.ts";
import { ConflictError } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import { markRelease } from "../mark-release.ts";
import { readRecords } from "../read-live.ts";
import { sendChange } from "./send-change.ts";
import type { SwapMemory } from "./swap-memory.ts";

const mostTries = 5;

/** Undoes the swap, zone by zone. Names that somebody else changed meanwhile are left alone. */
export async function undoSwap(
  { dns, cluster }: Pick<Ports, "dns" | "cluster">,
  settings: Settings,
  state: RunState,
  memory: SwapMemory,
  context: StepContext<RunState>,
): Promise<void> {
  const { mappings } = settings;
  const { addresses = {} } = state;
  const { before } = memory.get();
  const undoneAt = new Date(context.clock.now()).toISOString();
  // Resolvers may hold our addresses for the TTL that the records kept: the release stays that long.
  const ttlSeconds = Math.max(
    0,
    ...before.map((record) => record.ttlSeconds),
    memory.get().oldTtlSeconds ?? 0,
  );
  const until = new Date(context.clock.now() + drainMs(ttlSeconds, settings.dns.drainTtls)).toISOString();
  await markRelease(cluster, state.release, { [annotations.retainUntil]: until });
  for (let tries = 0; tries < mostTries; tries += 1) {
    const changes = planUndo({ mappings, addresses, before, current: await readRecords(dns, mappings) });
    if (changes.length === 0) break;
    try {
      for (const change of changes) {
        await sendChange(dns, settings, memory, change, context);
        for (const { name, rrdatas } of change.additions)
          context.log.warn({ name }, `${name} put back to ${rrdatas.join(", ")}`);
      }
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  await memory.save({ undoneAt });
  for (const name of state.previous ?? []) {
    if (name !== state.release)
      await markRelease(cluster, name, {
        [annotations.replacedAt]: null,
        [annotations.retainUntil]: null,
      });
  }
}
