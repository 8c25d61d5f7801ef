/** What the answers of Cloud DNS mean (facts.md, 6). */
import { z } from "zod";
import { ConfigError, ConflictError, PermanentError, TransientError } from "../../errors.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import type { HttpAnswer } from "../http/send.ts";
import { dependency } from "./client.ts";

const errorSchema = z.object({
  error: z.object({
    message: z.string().optional(),
    errors: z.array(z.object({ reason: z.string().optional() })).optional(),
  }),
});
const rateReasons = ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"];

/** The error that an answer other than 200 means. `zone` is what was asked about. */
export function dnsError(zone: string, { status, headers, body }: HttpAnswer): Error {
  const { message, reasons } = readError(body);
  const said = `zone ${zone}: ${message ?? `Cloud DNS answered ${status}`}`;
  const isRate = status === 403 && reasons.some((reason) => rateReasons.includes(reason));
  if (isRate || status === 408 || status === 429 || status >= 500 || status < 300) {
    const retryAfter = retryAfterMs(headers["retry-after"]);
    return new TransientError(dependency, said, { retryAfterMs: retryAfter });
  }
  switch (status) {
    case 401:
      return new PermanentError("DNS_LOGIN", said, {
        hint: "GOOGLE_APPLICATION_CREDENTIALS must be a key of a service account that exists and is enabled",
      });
    case 403:
      return new PermanentError("DNS_FORBIDDEN", said, {
        hint: "the builder's service account needs the role roles/dns.admin in the project of the zone (G_PROJECT)",
      });
    case 404:
      return new ConfigError([{ where: "dns mappings", what: `there is no managed zone '${zone}'` }]);
    case 409:
    case 412:
      return new ConflictError(`zone ${zone}`, new Error(said));
    default:
      return new PermanentError("DNS_REFUSED", said);
  }
}

function readError(body: Buffer): { message: string | undefined; reasons: string[] } {
  const parsed = errorSchema.safeParse(parseJson(body));
  if (!parsed.success) return { message: undefined, reasons: [] };
  const { message, errors = [] } = parsed.data.error;
  return { message, reasons: errors.flatMap(({ reason }) => reason ?? []) };
}

/** The body as the schema reads it. Throws TransientError for anything else: half an answer, a proxy's page. */
export function readAnswer<T>(zone: string, answer: HttpAnswer, schema: z.ZodType<T>): T {
  if (answer.status < 200 || answer.status >= 300) throw dnsError(zone, answer);
  const parsed = schema.safeParse(parseJson(answer.body));
  if (parsed.success) return parsed.data;
  throw new TransientError(dependency, `zone ${zone}: Cloud DNS answered with what can't be read`);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
