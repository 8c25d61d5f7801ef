/** What a run waits for by the clock: a person's word before its swap, resolvers and the watch after it. */
import { drainMs } from "../domain/dns-plan.ts";
import { currentStep, hasChangedDns, isOver } from "../domain/run.ts";
import { clockTime, date } from "../domain/words.ts";
import type { Run } from "../pipeline/run.ts";

/** How long a run waits for its approval, in milliseconds, and what becomes of it then. */
export function approvalWait({ approval, approvalTimeoutMs }: Run["settings"]) {
  return approval.mode === "auto-after"
    ? { waitMs: approval.delayMs, then: "it goes live by itself" }
    : { waitMs: approvalTimeoutMs, then: "the run fails" };
}

/** Until when a run waits for what, as ISO times; `then` is what becomes of it without an approval. */
type Waits = Partial<Record<"approval" | "then" | "drain" | "watch", string | undefined>>;

/** What a run waits for; undefined where it does not. */
export function waitsOf({ state, settings }: Pick<Run, "state" | "settings">): Waits | undefined {
  const { approval, phase, dns: { swappedAt, undoing, oldTtlSeconds = 0 } = {} } = state;
  const after = (at: string, ms: number) =>
    ms > 0 ? new Date(Date.parse(at) + ms).toISOString() : undefined;
  if (phase === "waiting-approval" && approval) {
    const { waitMs, then } = approvalWait(settings);
    return { approval: after(approval.askedAt, waitMs), then };
  }
  const isSwapping = !isOver(phase) && currentStep(state)?.name === "swap-dns" && hasChangedDns(state);
  if (!isSwapping || undoing || swappedAt === undefined) return undefined;
  return {
    drain: after(swappedAt, drainMs(oldTtlSeconds, settings.dns.drainTtls)),
    watch: after(swappedAt, settings.postSwapWatchMs),
  };
}

/** Until when a run waits for what, in words. */
export function waitLines({ approval, then, drain, watch }: Waits): string[] {
  return [
    ...(approval ? [`for approval until ${date(approval)} UTC, then ${then}`] : []),
    ...(drain ? [`until ${clockTime(drain)} UTC for resolvers to forget the old addresses`] : []),
    ...(watch ? [`until ${clockTime(watch)} UTC, or longer, to see that the new site answers`] : []),
  ];
}
