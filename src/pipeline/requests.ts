/** What operators leave on the Lease: requests to the builder at work, and claims that hold its next swap or deletion up. */
import * as z from "zod";
import { parseJson } from "../domain/json.ts";
import { CancelledError, ConflictError, RefusedError } from "../errors.ts";
import { timestamp } from "./clock.ts";
import type { Fence } from "./guard.ts";
import { minPauseMs } from "./retry.ts";
import type { LeaseStore } from "./stores.ts";
import type { World } from "./world.ts";

/** The kinds of requests that a builder answers. */
export const requestKinds = ["abort", "approve", "rollback"] as const;
export type RequestKind = (typeof requestKinds)[number];

const requestSchema = z.object({ runId: z.string(), by: z.string(), at: z.string() });
export type OperatorRequest = z.infer<typeof requestSchema>;

const claimSchema = z.object({ verb: z.string(), by: z.string(), at: z.string(), durationMs: z.number() });
/** A verb at work beside a builder that begins no swap and no deletion while the claim is renewed. */
export type Claim = z.infer<typeof claimSchema>;
const claimPrefix = "claim-";

const maxTries = 10;

/** The request of a kind, if it is for this run. */
export function requestFor(
  requests: Readonly<Record<string, string>>,
  kind: RequestKind,
  runId: string,
): OperatorRequest | undefined {
  const request = requestSchema.safeParse(parseJson(requests[kind] ?? "null")).data;
  return request?.runId === runId ? request : undefined;
}

/** The claims that were left, fresh or not. */
export function claimsIn(requests: Readonly<Record<string, string>>): Claim[] {
  const texts = Object.entries(requests).filter(([kind]) => kind.startsWith(claimPrefix));
  return texts.flatMap(([, text]) => claimSchema.safeParse(parseJson(text)).data ?? []);
}

/** Leaves a request on the Lease, whoever holds it, made of what is there; null takes it off. Throws RefusedError when there is no Lease. */
export async function leaveRequest(
  { leases, clock }: { leases: LeaseStore } & Pick<World, "clock">,
  kind: string,
  request: object | null | ((before: string | undefined) => object | null),
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const lease = await leases.read();
    if (!lease) throw new RefusedError("NOTHING_WAITS", "no builder has run here yet: there is none to ask");
    const { [kind]: before, ...others } = lease.requests;
    const wanted = (typeof request === "function" ? request(before) : request) as object | null;
    const requests = wanted === null ? others : { ...others, [kind]: JSON.stringify(wanted) };
    try {
      await leases.write({ ...lease, requests }, lease.version);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || tries >= maxTries) throw error;
      await clock.sleep(minPauseMs);
    }
  }
}

/**
 * Holds off the builder's swap and deletions while `work` goes on beside it; the claim fences the work's effects. Throws
 * CancelledError VERB_GOES_ON while the same verb is at work elsewhere.
 */
export async function underClaim<T>(
  world: World,
  verb: string,
  work: (fence: Fence) => Promise<T>,
): Promise<T> {
  const { clock, identity, settings } = world;
  const { leaseDurationMs: durationMs } = settings;
  const kind = `${claimPrefix}${verb}`;
  const foreign = (text = "null") => {
    const claim = claimSchema.safeParse(parseJson(text)).data;
    return claim?.by === identity ? undefined : claim;
  };
  let renewedAt = -Infinity;
  const renew = async () => {
    const sentAt = clock.monotonic();
    await leaveRequest(world, kind, (before): Claim => {
      const other = foreign(before);
      if (other && Date.parse(other.at) + other.durationMs > clock.now())
        throw new CancelledError("VERB_GOES_ON", `${other.by} is at work on ${verb}; nothing was done`);
      return { verb, by: identity, at: timestamp(clock), durationMs };
    });
    renewedAt = sentAt;
  };
  const fence: Fence = {
    async ensureHeld(signal) {
      signal.throwIfAborted();
      if (clock.monotonic() - renewedAt >= durationMs / 2) await renew();
    },
  };
  const stopped = new AbortController();
  await renew();
  const loop = (async () => {
    for (;;) {
      const isOver = await clock.sleep(durationMs / 3, stopped.signal).then(
        () => false,
        () => true,
      );
      if (isOver) return;
      await renew().catch(() => undefined); // the next effect finds out
    }
  })();
  try {
    return await work(fence);
  } finally {
    stopped.abort();
    await loop;
    await leaveRequest(world, kind, (before) => foreign(before) ?? null).catch(() => undefined); // it expires by itself
  }
}
