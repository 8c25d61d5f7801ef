import { ConflictError, RefusedError } from "../errors.ts";
import type { LeaseStore } from "../pipeline/stores.ts";

const mostTries = 10;

/** Leaves an operator's request on the Lease, whoever holds it. Throws RefusedError when there is no Lease. */
export async function leaveRequest(leases: LeaseStore, kind: string, text: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const lease = await leases.read();
    if (!lease)
      throw new RefusedError("NOTHING_WAITS", "no builder has ever worked here: there is nobody to ask");
    try {
      await leases.write({ ...lease, requests: { ...lease.requests, [kind]: text } }, lease.version);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || tries >= mostTries) throw error;
    }
  }
}
