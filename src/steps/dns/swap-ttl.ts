/** DNS_SWAP_TTL: a lower TTL while the harvest runs, so that the drain is short; the pinned one again afterwards. */
import type { Settings } from "../../config/settings.ts";
import type { RecordSet, ZoneChange } from "../../domain/dns-records.ts";
import { planLowerTtl, planRestoreTtl } from "../../domain/dns-plan.ts";
import type { RunState } from "../../domain/run-state.ts";
import { BuilderError, ConflictError, exitCodeOf, exitCodes } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import { readRecords } from "../read-live.ts";
import { sendChange } from "./send-change.ts";
import { swapMemory, type SwapMemory } from "./swap-memory.ts";

const mostTries = 3;

/** Lowers the TTLs once per run, where the setting asks for it. Never fails the run: the drain is longer then. */
export async function lowerTtl(
  dns: Ports["dns"],
  settings: Settings,
  state: Readonly<RunState>,
  context: StepContext<RunState>,
): Promise<void> {
  const ttlSeconds = settings.dns.swapTtlSeconds;
  const memory = swapMemory(state, context);
  if (ttlSeconds === undefined || memory.get().lowered !== undefined) return;
  await memory.save({ lowered: { at: new Date(context.clock.now()).toISOString(), ttlSeconds } });
  const { before } = memory.get();
  await changeTtls(dns, settings, memory, context, (current) =>
    planLowerTtl({ mappings: settings.mappings, before, current }, ttlSeconds),
  );
}

/** Gives the records the TTLs they had before, if this run lowered them. Never fails the run. */
export async function restoreTtl(
  dns: Ports["dns"],
  settings: Settings,
  state: Readonly<RunState>,
  context: StepContext<RunState>,
): Promise<void> {
  const { lowered, before } = state.dns ?? {};
  if (!lowered || !before) return;
  const memory = swapMemory(state, context);
  await changeTtls(dns, settings, memory, context, (current) =>
    planRestoreTtl({ mappings: settings.mappings, before, current }, lowered.ttlSeconds),
  );
}

async function changeTtls(
  dns: Ports["dns"],
  settings: Settings,
  memory: SwapMemory,
  context: StepContext<RunState>,
  plan: (current: RecordSet[]) => ZoneChange[],
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      for (const change of plan(await readRecords(dns, settings.mappings))) {
        await sendChange(dns, settings, memory, change, context);
        const { ttlSeconds } = change.additions[0] ?? {};
        context.log.info(
          {},
          `${change.additions.map(({ name }) => name).join(", ")}: TTL is ${ttlSeconds ?? "?"}s now`,
        );
      }
      return;
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof ConflictError && tries < mostTries) continue; // somebody wrote in between: read again
      if (!(error instanceof BuilderError) || exitCodeOf(error) === exitCodes.interrupted) throw error;
      context.log.warn(
        { code: error.code },
        `the TTLs could not be changed (${error.message}); the drain takes what is there`,
      );
      return;
    }
  }
}
