import { setTimeout as delay } from "node:timers/promises";
import type { Notification, Notifier } from "../../ports/notifier.ts";
import { splitCredentials } from "../http/redact-url.ts";
import { HttpFailure, send } from "../http/send.ts";

const tries = 3;
const pauseMs = 1_000;

export interface WebhookOptions {
  /** NOTIFY_WEBHOOK_URL: a secret as a whole. Nothing is sent when it is unset. */
  url: string | undefined;
  log: { warn(fields: Record<string, unknown>, message: string): void };
  /** 10 s where nothing is said. */
  timeoutMs?: number | undefined;
  sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

/** Posts a notification; never throws. `text` is what Slack, Teams and Mattermost show of it. */
export function createWebhook(options: WebhookOptions): Pick<Notifier, "notify"> {
  const { url, log, sleep = delay } = options;
  return {
    async notify(notification) {
      if (url === undefined) return;
      let failure = "";
      for (let attempt = 1; attempt <= tries; attempt += 1) {
        if (attempt > 1) await sleep(pauseMs * (attempt - 1));
        const outcome = await post(url, notification, options.timeoutMs ?? 10_000);
        if (outcome === "sent") return;
        failure = outcome.failure;
        if (!outcome.again) break;
      }
      log.warn({ event: notification.event, failure }, "the webhook did not take the notification");
    },
  };
}

type Outcome = "sent" | { failure: string; again: boolean };

/** Connections that were never made. After any other failure the notification may have arrived, and once is enough. */
const neverSent = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"]);

async function post(text: string, notification: Notification, timeoutMs: number): Promise<Outcome> {
  try {
    const { bare, authorization } = splitCredentials(new URL(text));
    const { status } = await send({
      method: "POST",
      url: bare.href,
      headers: {
        "Content-Type": "application/json;charset=utf-8",
        ...(authorization !== undefined && { Authorization: authorization }),
      },
      body: Buffer.from(JSON.stringify(notification)),
      idleTimeoutMs: timeoutMs,
      totalTimeoutMs: timeoutMs,
      maxBytes: 1024 * 1024,
    });
    if (status >= 200 && status < 300) return "sent";
    return { failure: `it answered ${status}`, again: status === 429 || status >= 500 };
  } catch (error) {
    // Only the code of a known failure: an invalid URL's error quotes the URL.
    if (!(error instanceof HttpFailure)) return { failure: "not a valid URL", again: false };
    return { failure: error.code, again: neverSent.has(error.code) };
  }
}
