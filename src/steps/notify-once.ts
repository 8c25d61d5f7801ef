/** Tells the webhook of an event of the run, once over all builders. */
import type { RunState } from "../domain/run-state.ts";
import type { Clock } from "../pipeline/clock.ts";
import type { Ports } from "../ports/index.ts";
import type { NotificationEvent } from "../ports/notifier.ts";

export interface Messenger {
  notifier: Ports["notifier"];
  clock: Clock;
  save: (patch: Partial<RunState>) => Promise<void>;
}

/**
 * Sends the event unless this run has sent it already. It is written down before it is sent: a message can't be
 * recognised from outside, so a crash in between loses it rather than sending it twice.
 */
export async function notifyOnce(
  { notifier, clock, save }: Messenger,
  state: Readonly<RunState>,
  event: NotificationEvent,
  text: string,
): Promise<void> {
  const notified = state.notified ?? [];
  if (notified.includes(event)) return;
  await save({ notified: [...notified, event] });
  const { environment, runId, release } = state;
  await notifier.notify({
    event,
    environment,
    runId,
    release,
    text,
    time: new Date(clock.now()).toISOString(),
  });
}
