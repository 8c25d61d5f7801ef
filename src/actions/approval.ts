/** Waits before the swap for a person's word, where APPROVAL asks for it. */
import { pluginCommand, verbCommand } from "../domain/commands.ts";
import { duration, joined } from "../domain/words.ts";
import { TimeoutError } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Run } from "../pipeline/run.ts";
import { retryLeftovers } from "./leftovers.ts";
import { approvalWait } from "./waits.ts";

/** An approval rides on the Lease, which is read at every renewal anyway: looking costs nothing. */
const lookEveryMs = 2_000;

/** Returns once the run may go live. Throws TimeoutError APPROVAL_TIMEOUT when nobody answered in time. */
export async function awaitApproval(run: Run): Promise<void> {
  const { settings, clock, log, state } = run;
  const { approval, builderNamespace } = settings;
  if (approval.mode === "auto" || state.approval?.at !== undefined) return;
  const askedAt = state.approval?.askedAt ?? timestamp(clock);
  const { waitMs, then } = approvalWait(settings);
  const end = clock.monotonic() + Date.parse(askedAt) + waitMs - clock.now();
  const leftMs = () => end - clock.monotonic();
  await run.save({ approval: { askedAt }, phase: "waiting-approval" });
  const how = verbCommand("approve", builderNamespace);
  const lines = [
    `${state.release} is ready and waits for approval, at most ${duration(leftMs())}, then ${then}`,
    `approve:  ${pluginCommand("approve", builderNamespace)}`,
    `drop:     ${pluginCommand("abort", builderNamespace)}`,
    `without the plugin:  ${how}`,
  ];
  log.warn({}, joined(lines));
  const text = `${state.release} is ready and waits for approval: ${how}`;
  await run.announce("Normal", "WaitingForApproval", text);
  await run.notify("waiting-approval", text);
  for (;;) {
    const isLate = leftMs() <= 0;
    const byTime = { by: "APPROVAL auto-after", at: timestamp(clock) };
    const given = run.request("approve") ?? (isLate && approval.mode === "auto-after" ? byTime : undefined);
    if (given) {
      const { by, at } = given;
      log.info({ by }, `approved by ${by}`);
      return run.save({ approval: { askedAt, by, at }, phase: "running" });
    }
    if (isLate) {
      const message = `nobody approved ${state.release} within ${duration(waitMs)}`;
      throw new TimeoutError("APPROVAL_TIMEOUT", message, { hint: "start again, or set APPROVAL=auto" });
    }
    await retryLeftovers(run, { onlyDue: true });
    await clock.sleep(Math.min(Math.max(0, leftMs()), lookEveryMs), run.signal);
  }
}
