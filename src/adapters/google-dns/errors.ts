/** What was seen of Cloud DNS and Google's login, in our own words: their errors hold headers and signed requests. */
import * as z from "zod";
import { oneLine } from "../../domain/words.ts";
import { ConfigError, TransientError } from "../../errors.ts";
import { retryAfterMs } from "../http/retry-after.ts";

const dependency = "Cloud DNS";
const hints: Readonly<Record<number, string>> = {
  401: "GOOGLE_APPLICATION_CREDENTIALS must be a key of a service account that exists and is enabled; without it there must be a metadata server (Workload Identity)",
  403: "the builder's service account needs the role roles/dns.admin in the project of the zone (G_PROJECT)",
};
const reasonSchema = z.object({ reason: z.string().default("") });
const errorSchema = z.object({
  error: z.object({ message: z.string().default(""), errors: z.array(reasonSchema).default([]) }),
});
/** With these reasons a 403 is about the rate, not about rights. */
const rateReasons = ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"];

/** The error that an answer other than 2xx means; `asked` is the request, in words. */
export function answerError(asked: string, answer: Response & { data: unknown }, redact = oneLine) {
  const { message = "", errors = [] } = errorSchema.safeParse(answer.data).data?.error ?? {};
  const isRate = answer.status === 403 && errors.some(({ reason }) => rateReasons.includes(reason));
  const status = isRate ? 429 : answer.status;
  const text = oneLine(redact(message).replaceAll(/\s+/g, " ")).slice(0, 300);
  const retryAfter = retryAfterMs(answer.headers.get("retry-after"));
  const said = `Cloud DNS answered ${answer.status} to ${asked}${text && `: ${text}`}`;
  return new TransientError(dependency, said, { status, retryAfterMs: retryAfter, hint: hints[status] });
}

/** The error for an answer that is not what Google documents: half of one, or a proxy's page. */
export const unreadable = (asked: string) =>
  new TransientError(dependency, `Cloud DNS gave an unreadable answer (${asked})`);

/** The error for a request without an answer. Of what was thrown a system error's code may be shown, the text may not. */
export function noAnswer(asked: string, error: unknown): TransientError {
  const { code, name } = error as { code?: unknown; name?: unknown };
  const isLate = code === "AbortError" || name === "TimeoutError";
  const shown = typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : "no answer";
  const seen = isLate ? "ETIMEDOUT" : shown;
  return new TransientError(dependency, `Cloud DNS can't be reached right now (${asked}: ${seen})`);
}

/**
 * The error for a login that gave no token. A refusal carries 401, whatever Google's own status is. Where there should be a
 * metadata server (`hasServer`) the library finds no credentials while that one is late or away.
 */
export function loginError(error: unknown, { hasServer }: { hasServer: boolean }): TransientError {
  const { response, config } = error as { response?: { status: number }; config?: unknown };
  const { status = 500 } = response ?? {};
  // An error without a config is no request's: there are no credentials, or none that can sign.
  if (config !== undefined && (status >= 500 || status === 408 || status === 429))
    return noAnswer("token", response ? { code: `HTTP_${status}` } : error);
  if (config === undefined && hasServer)
    return new TransientError(dependency, "Google gives no token (no metadata server answers)", {
      hint: hints[401],
    });
  const seen = response ? `answered ${status}` : "no usable credentials";
  return new TransientError(dependency, `Google gives no token (${seen})`, { status: 401, hint: hints[401] });
}

/** For `catch`: a mistake in a setting stays what it is. */
export const unlessMistake = (translate: (error: unknown) => Error) => (error: unknown) =>
  Promise.reject(error instanceof ConfigError ? error : translate(error));
