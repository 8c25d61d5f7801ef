/** Sends Changes and waits for them; the swap's record in the state is saved before and after. */
import { type ZoneChange, zonesOf } from "../domain/dns-records.ts";
import { hasChangedDns, type SwapState } from "../domain/run.ts";
import { CancelledError, CheckpointError, TimeoutError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import { waitFor } from "../pipeline/wait.ts";

/** The swap's record in the state, in which preflight has pinned the old records. */
export function swapOf({ state }: Pick<Run, "state">): SwapState {
  if (state.dns) return state.dns;
  throw new CheckpointError("STATE_DNS", "the run has no pinned DNS records");
}

export function saveSwap(run: Run, patch: Partial<SwapState>): Promise<void> {
  return run.save({ dns: { ...swapOf(run), ...patch } });
}

/** Sends the change, and writes down that Cloud DNS has accepted it. Throws what the DNS port throws. */
export async function submitChange(run: Run, change: ZoneChange, isOfSwap = false): Promise<void> {
  const id = await run.ports.dns.change(change);
  const { pending = [], moved = [] } = swapOf(run);
  const accepted = { pending: [...pending, { zone: change.zone, id }] };
  await saveSwap(run, isOfSwap ? { ...accepted, moved: [...moved, change.zone] } : accepted);
}

/** Finds Changes of the swap that were accepted without their id being saved: the builder, or the answer, was gone by then. */
export async function adoptLost(run: Run, unsent: readonly ZoneChange[]): Promise<void> {
  if (!hasChangedDns(run.state)) return;
  for (const zone of zonesOf(run.settings.mappings)) {
    const { moved = [], pending = [] } = swapOf(run);
    if (moved.includes(zone) || unsent.some((change) => change.zone === zone)) continue;
    const lost = await run.ports.dns.findPending(zone);
    if (!lost)
      run.log.warn({}, `zone ${zone}: no right to list changes; not knowing whether one is under way`);
    const found = (lost ?? []).map((id) => ({ zone, id }));
    await saveSwap(run, { pending: [...pending, ...found], moved: [...moved, zone] });
  }
}

/** Sends the change and waits until Cloud DNS reports it done. Throws CancelledError DNS_PENDING after DNS_TIMEOUT. */
export async function sendChange(run: Run, change: ZoneChange): Promise<void> {
  await submitChange(run, change);
  await settlePending(run);
}

/** Waits for every change that was accepted but not done yet; also those an earlier builder sent. */
export async function settlePending(run: Run): Promise<void> {
  for (const change of swapOf(run).pending ?? []) await settle(run, change);
}

async function settle(run: Run, { zone, id }: { zone: string; id: string }): Promise<void> {
  const { dns } = run.settings;
  const wait = waitFor(
    {
      code: "DNS_PENDING",
      what: `change ${id} of zone ${zone} is not done`,
      maxPauseMs: dns.pollIntervalMs,
      timeoutMs: dns.timeoutMs,
      look: async () => {
        const status = await run.ports.dns.findChangeStatus(zone, id);
        if (status === "done") return { done: true };
        return { seen: `Cloud DNS is propagating the change (zone ${zone}, change ${id}: ${status})` };
      },
    },
    run,
  );
  await wait.catch((error: unknown) => {
    if (!(error instanceof TimeoutError)) throw error;
    const hint = "Cloud DNS has accepted the change; the next builder keeps waiting for it";
    throw new CancelledError(error.code, error.message, { hint });
  });
  const pending = swapOf(run).pending?.filter((sent) => sent.zone !== zone || sent.id !== id);
  await saveSwap(run, { pending });
}
