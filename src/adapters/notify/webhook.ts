import { setTimeout as delay } from "node:timers/promises";
import type { Notification, Notifier } from "../../ports/notifier.ts";
import { HttpFailure, send } from "../http/send.ts";

const tries = 3;
const pauseMs = 1_000;
/** Connections that were never made. After any other failure the notification may have arrived, and once is enough. */
const neverSent = ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"];

/** What Slack reads as more than text: links, mentions of a whole channel (docs.slack.dev/messaging/formatting-message-text). */
const slackEntities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

export interface WebhookOptions {
  /** NOTIFY_WEBHOOK_URL: a secret as a whole. Nothing is sent when it is unset. */
  url: string | undefined;
  log: { warn(fields: Record<string, unknown>, message: string): void };
  /** 10 s where nothing is said. */
  timeoutMs?: number | undefined;
  sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

/** Posts a notification, at most once; never throws. `text` is what Slack, Teams and Mattermost show of it. */
export function createWebhook(options: WebhookOptions): Pick<Notifier, "notify"> {
  const { url, log, timeoutMs: totalTimeoutMs = 10_000, sleep = delay } = options;
  /** Why it was not taken, and whether to ask again. */
  const post = async (notification: Notification): Promise<[failure: string | undefined, again: boolean]> => {
    try {
      const headers = { "Content-Type": "application/json;charset=utf-8" };
      const text = notification.text.replaceAll(/[&<>]/g, (sign) => slackEntities[sign] ?? "");
      const body = Buffer.from(JSON.stringify({ ...notification, text }));
      const limits = { totalTimeoutMs, maxBytes: 1024 * 1024 };
      const { status } = await send({ method: "POST", url: url ?? "", headers, body, ...limits });
      if (status >= 200 && status < 300) return [undefined, false];
      return [`it answered ${status}`, status === 429 || status === 503];
    } catch (error) {
      // Only the code of a known failure: an invalid URL's error quotes the URL.
      const code = error instanceof HttpFailure ? error.code : "not a valid URL";
      return [code, neverSent.includes(code)];
    }
  };
  return {
    async notify(notification) {
      if (url === undefined) return;
      let [failure, again] = await post(notification);
      for (let attempt = 1; again && attempt < tries; attempt += 1) {
        await sleep(pauseMs * attempt);
        [failure, again] = await post(notification);
      }
      if (failure === undefined) return;
      log.warn({ event: notification.event, failure }, "the webhook did not accept the notification");
    },
  };
}
