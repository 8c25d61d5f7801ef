/** Puts the old records back: what now points at the new release gets what it had before. */
import type { Settings } from "../../config/settings.ts";
import { addressRecord, drainMs, newRecordTtlSeconds, planUndo } from "../../domain/dns-plan.ts";
import { annotations } from "../../domain/names.ts";
import type { RunState } from "../../domain/run-state.ts";
import {
  type BuilderError,
  CancelledError,
  ConflictError,
  PermanentError,
  RefusedError,
} from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import { markRelease } from "../mark-release.ts";
import { readRecords } from "../read-live.ts";
import { sendChange, settlePending } from "./send-change.ts";
import type { SwapMemory, SwapState } from "./swap-memory.ts";

const mostTries = 5;

/** What is remembered of the error that a swap is undone for. */
export function undoReason(error: BuilderError): NonNullable<SwapState["undoing"]> {
  const { code, message, details, hint } = error;
  const kind = error instanceof RefusedError ? "refused" : "failed";
  return { kind, code, message, details: [...details], ...(hint === undefined ? {} : { hint }) };
}

/** The error that an earlier builder was undoing the swap for, when it was stopped. */
export function storedReason({ undoing }: SwapState): BuilderError | undefined {
  if (!undoing) return undefined;
  const { kind, code, message, details, hint } = undoing;
  return new (kind === "refused" ? RefusedError : PermanentError)(code, message, { details, hint });
}

/**
 * Puts the old records back and ends with `error`. That is written down first: a builder that takes over in the middle
 * goes on putting back, and never swaps again what was judged already.
 */
export async function putBack(
  ports: Pick<Ports, "dns" | "cluster">,
  settings: Settings,
  state: RunState,
  memory: SwapMemory,
  context: StepContext<RunState>,
  error: BuilderError,
): Promise<never> {
  if (!memory.get().undoing) await memory.save({ undoing: undoReason(error) });
  await settlePending(ports.dns, settings, memory, context);
  await undoSwap(ports, settings, state, memory, context);
  throw error;
}

/** Undoes the swap, zone by zone. Names that somebody else changed meanwhile are left alone. */
export async function undoSwap(
  { dns, cluster }: Pick<Ports, "dns" | "cluster">,
  settings: Settings,
  state: RunState,
  memory: SwapMemory,
  context: StepContext<RunState>,
): Promise<void> {
  const protect = (ttlSeconds: number) => {
    const until = new Date(context.clock.now() + drainMs(ttlSeconds, settings.dns.drainTtls)).toISOString();
    return markRelease(cluster, state.release, { [annotations.retainUntil]: until });
  };
  // Resolvers may hold our addresses for as long as the records said until now: the release stays until then.
  const expected = longestTtlSeconds(settings, memory.get());
  await protect(expected);
  const seen = await sendBack(dns, settings, state, memory, context);
  await protect(Math.max(expected, seen));
  await memory.save({ undoneAt: new Date(context.clock.now()).toISOString() });
  for (const name of state.previous ?? []) {
    if (name !== state.release)
      await markRelease(cluster, name, {
        [annotations.replacedAt]: null,
        [annotations.retainUntil]: null,
      });
  }
}

/** The TTL that a record of ours may have: the one it had before, or that of a record that was created. */
function longestTtlSeconds({ mappings }: Settings, { before, oldTtlSeconds = 0 }: SwapState): number {
  const ttls = mappings.map((mapping) => addressRecord(before, mapping)?.ttlSeconds ?? newRecordTtlSeconds);
  return Math.max(oldTtlSeconds, ...ttls);
}

/**
 * Changes zone by zone until no name points at the new release; returns the longest TTL of what did. Throws
 * CancelledError DNS_CONTENDED, to be resumed, where somebody else always comes first.
 */
async function sendBack(
  dns: Ports["dns"],
  settings: Settings,
  { addresses = {} }: RunState,
  memory: SwapMemory,
  context: StepContext<RunState>,
): Promise<number> {
  const { mappings } = settings;
  const { before } = memory.get();
  let ttlSeconds = 0;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const changes = planUndo({ mappings, addresses, before, current: await readRecords(dns, mappings) });
    if (changes.length === 0) return ttlSeconds;
    const replaced = changes.flatMap(({ deletions }) => deletions);
    ttlSeconds = Math.max(ttlSeconds, ...replaced.map((record) => record.ttlSeconds));
    try {
      for (const change of changes) {
        await sendChange(dns, settings, memory, change, context);
        for (const { name, rrdatas } of change.additions)
          context.log.warn({ name }, `${name} put back to ${rrdatas.join(", ")}`);
      }
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error; // somebody wrote in between: read again, decide again
    }
  }
  const left = planUndo({ mappings, addresses, before, current: await readRecords(dns, mappings) });
  if (left.length === 0) return ttlSeconds;
  const names = left.flatMap(({ deletions }) => deletions.map(({ name }) => name)).join(", ");
  throw new CancelledError("DNS_CONTENDED", `somebody else keeps changing ${names}; not put back yet`, {
    hint: "find out who, then let the builder start again: it goes on here",
  });
}
