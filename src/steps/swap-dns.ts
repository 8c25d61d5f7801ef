/** Points the public names at the new release: all names or none, and back again when it does not hold. */
import type { Settings } from "../config/settings.ts";
import type { RecordSet } from "../domain/dns-records.ts";
import { drainMs, drainTtlSeconds, notPointing, planSwap, type SwapPlan } from "../domain/dns-plan.ts";
import { annotations } from "../domain/names.ts";
import type { RunState } from "../domain/run-state.ts";
import {
  BuilderError,
  CancelledError,
  ConflictError,
  exitCodeOf,
  exitCodes,
  PermanentError,
  RefusedError,
  TimeoutError,
} from "../errors.ts";
import { done, type Step, type StepContext } from "../pipeline/step.ts";
import type { Ports } from "../ports/index.ts";
import { awaitApproval } from "./dns/approval.ts";
import { sendChange, settlePending } from "./dns/send-change.ts";
import { swapMemory, type SwapMemory } from "./dns/swap-memory.ts";
import { restoreTtl } from "./dns/swap-ttl.ts";
import { putBack, storedReason } from "./dns/undo-swap.ts";
import { watchAndDrain } from "./dns/watch-and-drain.ts";
import { markRelease } from "./mark-release.ts";
import { readRecords } from "./read-live.ts";
import { requireReady } from "./verify-release.ts";

type Needs = Pick<Ports, "cluster" | "dns" | "site" | "notifier" | "operators">;

/** How often the plan is made anew because somebody wrote between reading and changing. */
const mostPlans = 5;

export const swapDns = (settings: Settings): Step<Needs, RunState> => ({
  name: "swap-dns",
  summary: "Point the public names at the new release",
  async run(ports, state, context) {
    const memory = swapMemory(state, context);
    const judged = storedReason(memory.get());
    if (judged) return putBack(ports, settings, state, memory, context, judged);
    if (memory.get().swappedAt === undefined) {
      if (memory.get().startedAt === undefined) await awaitApproval(ports, settings, state, context);
      await requireStillReady(ports, settings, state, memory, context);
      await swap(ports, settings, state, memory, context);
    }
    await markReplaced(ports, settings, state, memory);
    await watchAndDrain(ports, settings, state, memory, context);
    await restoreTtl(ports.dns, settings, { ...state, dns: memory.get() }, context);
    return done(
      `${settings.mappings.length === 1 ? "the name points" : "all names point"} at ${state.release}`,
    );
  },
});

/** Also of a swap that another builder began: hours may have gone by since. What it had moved is put back then. */
async function requireStillReady(
  ports: Needs,
  settings: Settings,
  state: RunState,
  memory: SwapMemory,
  context: StepContext<RunState>,
): Promise<void> {
  try {
    await requireReady(ports, settings, state, context);
  } catch (error) {
    if (!(error instanceof TimeoutError) || memory.get().startedAt === undefined) throw error;
    await putBack(ports, settings, state, memory, context, error);
  }
}

/** Plans, changes zone by zone, verifies by reading. On a refusal half way the changed zones are put back. */
async function swap(
  ports: Needs,
  settings: Settings,
  state: RunState,
  memory: SwapMemory,
  context: StepContext<RunState>,
): Promise<void> {
  const { dns } = ports;
  await settlePending(dns, settings, memory, context);
  for (let plans = 1; plans <= mostPlans; plans += 1) {
    const current = await readRecords(dns, settings.mappings);
    const plan = planSwap({ ...swapInput(settings, state), current });
    if (plan.kind === "refused") return refuse(ports, settings, state, memory, context, plan.reasons);
    if (plan.changes.length === 0) {
      // Somebody may have moved the names by hand: what they pointed at is still in resolvers.
      if (memory.get().startedAt === undefined) await writeIntent(ports, state, memory, context, plan);
      context.log.info({}, "in effect");
      return memory.save({ swappedAt: new Date(context.clock.now()).toISOString() });
    }
    await writeIntent(ports, state, memory, context, plan);
    try {
      for (const change of plan.changes) await sendChange(dns, settings, memory, change, context);
    } catch (error) {
      if (error instanceof ConflictError) continue; // somebody wrote in between: read again, decide again
      if (error instanceof BuilderError && exitCodeOf(error) !== exitCodes.interrupted) {
        return putBack(ports, settings, state, memory, context, error);
      }
      throw error;
    }
  }
  const divided = notPointing(
    settings.mappings,
    state.addresses ?? {},
    await readRecords(dns, settings.mappings),
  );
  if (divided.length === 0) return memory.save({ swappedAt: new Date(context.clock.now()).toISOString() });
  throw new CancelledError(
    "DNS_CONTENDED",
    `somebody else keeps changing ${divided.map(({ name }) => name).join(", ")}`,
    {
      hint: "find out who, then let the builder start again: it goes on here",
    },
  );
}

export function swapInput({ mappings }: Settings, { addresses = {}, dns }: RunState) {
  return { mappings, addresses, before: dns?.before ?? ([] as RecordSet[]) };
}

/** The intent: from the first change on the old records must be known, and the release counts as live. */
async function writeIntent(
  { cluster }: Needs,
  state: RunState,
  memory: SwapMemory,
  { clock, log }: StepContext<RunState>,
  plan: Extract<SwapPlan, { kind: "change" }>,
): Promise<void> {
  const now = new Date(clock.now()).toISOString();
  const { startedAt = now, oldTtlSeconds = 0 } = memory.get();
  const pinned = pinnedThatMayBeCached(memory.get(), clock.now());
  await memory.save({
    startedAt,
    oldTtlSeconds: Math.max(oldTtlSeconds, drainTtlSeconds(pinned, plan.changes)),
  });
  await markRelease(cluster, state.release, { [annotations.liveSince]: startedAt });
  const width = Math.max(...plan.moves.map(({ name }) => name.length));
  for (const { name, from, to } of plan.moves)
    log.info({ name }, `${name.padEnd(width)}  ${from ?? "(new)"} → ${to}`);
}

/** Once a lowered TTL has been there for as long as the old one, nobody holds a record with the old one any more. */
function pinnedThatMayBeCached({ before, lowered }: ReturnType<SwapMemory["get"]>, now: number): RecordSet[] {
  if (!lowered) return before;
  const longestMs = Math.max(0, ...before.map(({ ttlSeconds }) => ttlSeconds)) * 1000;
  if (now - Date.parse(lowered.at) < longestMs) return before;
  return before.map((record) => ({
    ...record,
    ttlSeconds: Math.min(record.ttlSeconds, lowered.ttlSeconds),
  }));
}

async function refuse(
  ports: Needs,
  settings: Settings,
  state: RunState,
  memory: SwapMemory,
  context: StepContext<RunState>,
  reasons: readonly string[],
): Promise<never> {
  const error = new RefusedError(
    "DNS_CHANGED",
    "somebody else changed the records since this run began; nothing was swapped",
    {
      details: reasons,
      hint: "find out who and why; then start again: the next run takes the records as they are",
    },
  );
  if (memory.get().startedAt === undefined) throw error;
  return putBack(ports, settings, state, memory, context, error);
}

/** What was live is marked as replaced, with the time until which nothing may delete it. */
async function markReplaced(
  { cluster }: Needs,
  settings: Settings,
  { previous = [], release }: RunState,
  memory: SwapMemory,
): Promise<void> {
  const { swappedAt, oldTtlSeconds = 0 } = memory.get();
  if (swappedAt === undefined) throw new PermanentError("SWAP_STATE", "the swap is not written down as done");
  const drainedMs = Date.parse(swappedAt) + drainMs(oldTtlSeconds, settings.dns.drainTtls);
  const until = new Date(
    Math.max(drainedMs, Date.parse(swappedAt) + settings.retainPreviousMs),
  ).toISOString();
  const marks = {
    [annotations.replacedAt]: swappedAt,
    ...(settings.deleteExisting ? { [annotations.retainUntil]: until } : {}),
  };
  for (const name of previous) {
    if (name !== release) await markRelease(cluster, name, marks);
  }
}
