/** DNS_SWAP_TTL: a lower TTL while the harvest runs, so that the drain is short; the pinned one again afterwards. */
import type { RecordSet, ZoneChange } from "../domain/dns-records.ts";
import { planLowerTtl, planRestoreTtl } from "../domain/dns-plan.ts";
import { ConflictError, messageOf } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Run } from "../pipeline/run.ts";
import { saveSwap, sendChange, swapOf } from "./change-dns.ts";
import { readRecords } from "./read-live.ts";

const maxTries = 3;
const giveBackMs = 60_000;

/** Lowers the TTLs once per run, where the setting asks for it. Never fails the run: the drain is longer then. */
export async function lowerTtl(run: Run): Promise<void> {
  const { dns, mappings } = run.settings;
  const ttlSeconds = dns.swapTtlSeconds;
  const { before, lowered } = swapOf(run);
  if (ttlSeconds === undefined || lowered !== undefined) return;
  await saveSwap(run, { lowered: { at: timestamp(run.clock), ttlSeconds } });
  await changeTtls(run, (current) => planLowerTtl({ mappings, before, current }, ttlSeconds));
}

/** Gives the records the TTLs they had before, if this run lowered them. Never fails the run. */
export async function restoreTtl(run: Run): Promise<void> {
  const { before, lowered } = run.state.dns ?? {};
  if (!lowered || !before) return;
  const { mappings } = run.settings;
  await changeTtls(run, (current) => planRestoreTtl({ mappings, before, current }, lowered.ttlSeconds));
}

/** After a run that nobody goes on with: records whose TTL it had lowered get the old one. A failure is only logged. */
export async function giveTtlsBack(run: Run): Promise<void> {
  try {
    await restoreTtl(run.at("swap-dns", { signal: AbortSignal.timeout(giveBackMs) }));
  } catch (error) {
    run.log.warn({}, `the TTLs of the public names stay lowered: ${messageOf(error)}`);
  }
}

async function changeTtls(run: Run, plan: (current: RecordSet[]) => ZoneChange[]): Promise<void> {
  const { log, signal } = run;
  for (let tries = 1; ; tries += 1) {
    try {
      for (const change of plan(await readRecords(run))) {
        await sendChange(run, change);
        const names = change.additions.map(({ name }) => name).join(", ");
        log.info({}, `${names}: TTL is ${change.additions[0]?.ttlSeconds ?? "?"}s now`);
      }
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ConflictError && tries < maxTries) continue; // somebody wrote in between: read again
      log.warn(
        { err: error },
        `could not change the TTLs (${messageOf(error)}); the drain uses the current ones`,
      );
      return;
    }
  }
}
