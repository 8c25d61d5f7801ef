export type NotificationEvent =
  "started" | "waiting-approval" | "live" | "failed" | "rolled-back" | "aborted" | "stuck";

/** What the webhook gets, as one JSON object. */
export interface Notification {
  event: NotificationEvent;
  environment: string;
  runId: string;
  release: string;
  text: string;
  /** ISO 8601, UTC. */
  time: string;
}

/** Outbound messages; none of them may fail a run: adapters log and swallow. */
export interface Notifier {
  /** Sends to NOTIFY_WEBHOOK_URL, where one is set. */
  notify(notification: Notification): Promise<void>;
  /** Writes a Kubernetes Event on the builder's Job. `reason` is CamelCase. */
  announce(event: { type: "Normal" | "Warning"; reason: string; message: string }): Promise<void>;
}
