/** What the harvester and the portal have in common: requests that end, and answers that can be judged. */
import type { z } from "zod";
import { PermanentError, TransientError } from "../../errors.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { HttpFailure, send, type HttpAnswer, type HttpRequest } from "../http/send.ts";

const maxBytes = 32 * 1024 * 1024;

/** Sends one request. Throws TransientError when nothing usable came back. */
export async function exchange(
  dependency: string,
  request: Omit<HttpRequest, "maxBytes" | "idleTimeoutMs"> & { totalTimeoutMs: number },
): Promise<HttpAnswer> {
  try {
    return await send({ ...request, idleTimeoutMs: request.totalTimeoutMs, maxBytes });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    const { pathname, host } = new URL(request.url);
    const asked = `${request.method} ${pathname} on ${host}`;
    throw new TransientError(dependency, `${dependency} can't be asked: ${error.code} (${asked})`);
  }
}

/**
 * Throws for an answer that is none of the expected. 404 is transient like 5xx: a proxy or a servlet container says it
 * while the application starts.
 */
export function unexpected(
  dependency: string,
  code: string,
  url: string,
  { status, headers }: HttpAnswer,
): never {
  const { pathname, host } = new URL(url);
  const said = `${dependency} answered ${status} (${pathname} on ${host})`;
  if (status === 404 || status === 408 || status === 429 || status >= 500 || status < 300) {
    throw new TransientError(dependency, said, { retryAfterMs: retryAfterMs(headers["retry-after"]) });
  }
  throw new PermanentError(code, said);
}

/** The body as the schema reads it. Throws TransientError for anything else: a proxy's page, half an answer. */
export function readBody<T>(dependency: string, url: string, body: Buffer, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  const { pathname, host } = new URL(url);
  throw new TransientError(
    dependency,
    `${dependency} answered with what can't be read (${pathname} on ${host})`,
  );
}

/** undefined for what isn't JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
