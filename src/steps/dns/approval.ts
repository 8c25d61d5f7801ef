/** Waits before the swap for a person's word, where APPROVAL asks for it. */
import type { Settings } from "../../config/settings.ts";
import { verbCommand } from "../../domain/commands.ts";
import type { RunState } from "../../domain/run-state.ts";
import { duration } from "../../domain/words.ts";
import { TimeoutError } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import { notifyOnce } from "../notify-once.ts";

/** An approval rides on the Lease, which is read at every renewal anyway: looking costs nothing. */
const lookEveryMs = 2_000;

/** Returns once the run may go live. Throws TimeoutError APPROVAL_TIMEOUT when nobody answered in time. */
export async function awaitApproval(
  { operators, notifier }: Pick<Ports, "operators" | "notifier">,
  settings: Settings,
  state: RunState,
  context: StepContext<RunState>,
): Promise<void> {
  const { approval } = settings;
  const { clock, log, signal } = context;
  if (approval.mode === "auto" || state.approval?.at !== undefined) return;
  const askedAt = state.approval?.askedAt ?? new Date(clock.now()).toISOString();
  const goesOn = approval.mode === "auto-after" ? Date.parse(askedAt) + approval.delayMs : undefined;
  const deadline = goesOn ?? Date.parse(askedAt) + settings.approvalTimeoutMs;
  await context.save({ approval: { askedAt } });
  await context.setWaiting(true);
  const how = verbCommand("approve", settings.builderNamespace);
  const then = goesOn === undefined ? "then the run fails" : "then it goes live by itself";
  const lines = [
    `${state.release} is ready and waits for approval, at most ${duration(deadline - clock.now())}, ${then}`,
    `approve:  ${how}`,
    `drop:     ${verbCommand("abort", settings.builderNamespace)}`,
  ];
  log.warn({}, lines.join("\n"));
  const text = `${state.release} is ready and waits for approval: ${how}`;
  await notifier.announce({ type: "Normal", reason: "WaitingForApproval", message: text });
  const save = (patch: Partial<RunState>) => context.save(patch);
  await notifyOnce({ notifier, clock, save }, state, "waiting-approval", text);
  for (;;) {
    const given = await operators.findApproval(state.runId);
    if (given ?? (goesOn !== undefined && clock.now() >= goesOn)) {
      const { by, at } = given ?? { by: "APPROVAL auto-after", at: new Date(clock.now()).toISOString() };
      log.info({ by }, `approved by ${by}`);
      await context.save({ approval: { askedAt, by, at } });
      return context.setWaiting(false);
    }
    const left = deadline - clock.now();
    if (left <= 0) {
      throw new TimeoutError(
        "APPROVAL_TIMEOUT",
        `nobody approved ${state.release} within ${duration(settings.approvalTimeoutMs)}`,
        {
          hint: "start again, or set APPROVAL=auto",
        },
      );
    }
    await clock.sleep(Math.min(left, lookEveryMs), signal);
  }
}
