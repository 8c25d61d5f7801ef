/** Sends one Change and waits until Cloud DNS has told its servers. */
import type { Settings } from "../../config/settings.ts";
import type { ZoneChange } from "../../domain/dns-records.ts";
import type { RunState } from "../../domain/run-state.ts";
import { CancelledError, TimeoutError } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import { waitFor } from "../../pipeline/wait.ts";
import type { Ports } from "../../ports/index.ts";
import type { SwapMemory } from "./swap-memory.ts";

/** Sends the change and waits for `done`. Throws what the DNS port throws, CancelledError DNS_PENDING after DNS_TIMEOUT. */
export async function sendChange(
  dns: Ports["dns"],
  settings: Settings,
  memory: SwapMemory,
  change: ZoneChange,
  context: StepContext<RunState>,
): Promise<void> {
  const id = await dns.change(change);
  await memory.save({ pending: [...(memory.get().pending ?? []), { zone: change.zone, id }] });
  await settlePending(dns, settings, memory, context);
}

/** Waits for every change that was accepted but not done yet; also those an earlier builder sent. */
export async function settlePending(
  dns: Ports["dns"],
  settings: Settings,
  memory: SwapMemory,
  context: StepContext<RunState>,
): Promise<void> {
  for (const { zone, id } of memory.get().pending ?? []) {
    try {
      await waitFor(
        {
          code: "DNS_PENDING",
          what: `change ${id} of zone ${zone} being done`,
          intervalMs: settings.dns.pollIntervalMs,
          deadline: context.clock.now() + settings.dns.timeoutMs,
          look: async () => {
            const status = await dns.findChangeStatus(zone, id);
            if (status === "done") return { done: true };
            return { seen: `Cloud DNS is telling its servers (zone ${zone}, change ${id}: ${status})` };
          },
        },
        context,
      );
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      throw new CancelledError(error.code, error.message, {
        hint: "Cloud DNS has accepted the change; the next builder goes on waiting for it",
      });
    }
  }
  if (memory.get().pending?.length) await memory.save({ pending: [] });
}
