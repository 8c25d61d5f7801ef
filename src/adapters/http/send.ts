/** HTTP over axios: no redirects, no retries, bounded in size and time; its errors never leave this file. */
import http from "node:http";
import https from "node:https";
import axios, { AxiosError } from "axios";
import type { z } from "zod";
import { parseJson } from "../../domain/json.ts";
import { TransientError } from "../../errors.ts";
import { proxyFor } from "./proxy.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Credentials in it are sent as basic authentication, and shown nowhere. */
  url: string;
  /** Basic authentication; what the URL holds wins. */
  auth?: { username: string; password: string } | undefined;
  headers?: Record<string, string>;
  body?: Uint8Array;
  /** The longest whole exchange, from the connection to the last byte. */
  totalTimeoutMs: number;
  /** The longest silence within it. */
  idleTimeoutMs?: number;
  maxBytes: number;
  signal?: AbortSignal | undefined;
  /** Connections of their own, which know their proxy; else those that all share, through the proxy of the environment. */
  agent?: http.Agent;
}

export interface HttpAnswer {
  /** The question, for messages: `GET /data on host`. */
  asked: string;
  status: number;
  /** Names in lower case. */
  headers: Record<string, unknown>;
  body: Buffer;
}

/** Why there was no answer. Holds nothing of the request, as an axios error does: headers, body, credentials. */
export class HttpFailure extends Error {
  /** A system error code such as ECONNREFUSED, ENOTFOUND or ETIMEDOUT, or `tooLarge`, or `brokenOff`. */
  readonly code: string;

  constructor(code: string, asked: string) {
    super(`${code} (${asked})`);
    this.code = code;
  }
}

/** The code of an answer beyond `maxBytes`. */
export const tooLarge = "ERR_TOO_LARGE";
/** The code of an answer that ended before it was whole. */
const brokenOff = "ERR_BROKEN_OFF";

/** The harvester's import is the largest body that is sent. */
const maxBodyLength = 64 * 1024 * 1024;
const shared = {
  httpAgent: new http.Agent({ keepAlive: true }),
  httpsAgent: new https.Agent({ keepAlive: true }),
};

/**
 * Sends a request; any status is an answer. Throws HttpFailure, the signal's reason when it was aborted, and ConfigError
 * for a proxy that is no URL.
 */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  const url = new URL(request.url);
  const own = request.agent && { httpAgent: request.agent, httpsAgent: request.agent, proxy: false as const };
  const way = own ?? { ...shared, proxy: proxyFor(url) };
  const asked = `${request.method} ${url.pathname} on ${url.host}`;
  // axios' own timeout ends with the headers: a body that drips for ever needs this one.
  const total = AbortSignal.timeout(request.totalTimeoutMs);
  try {
    const { status, headers, data } = await axios.request<Buffer>({
      ...way,
      adapter: "http",
      method: request.method,
      url: url.href,
      ...(request.auth && { auth: request.auth }),
      headers: { "User-Agent": "powo-builder", ...request.headers },
      ...(request.body && { data: Buffer.from(request.body) }),
      responseType: "arraybuffer",
      validateStatus: () => true,
      maxRedirects: 0,
      maxContentLength: request.maxBytes,
      maxBodyLength,
      timeout: request.idleTimeoutMs ?? 0,
      transitional: { clarifyTimeoutError: true },
      signal: request.signal ? AbortSignal.any([request.signal, total]) : total,
    });
    return { asked, status, headers: Object.fromEntries(Object.entries(headers)), body: data };
  } catch (error) {
    request.signal?.throwIfAborted();
    throw new HttpFailure(total.aborted ? "ETIMEDOUT" : codeOf(error), asked);
  }
}

/** axios has one code for a body that is too large and one that broke off; only the latter comes with a response. */
function codeOf(error: unknown): string {
  if (!(error instanceof AxiosError) || error.code === undefined) return "ECONNRESET";
  if (error.code !== AxiosError.ERR_BAD_RESPONSE) return error.code;
  return error.response ? brokenOff : tooLarge;
}

/** As `send`; throws TransientError when there is no answer. */
export async function ask(dependency: string, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await send(request);
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    throw new TransientError(dependency, `${dependency} can't be reached: ${error.message}`);
  }
}

/** The error for an answer that is neither success nor expected; the hint says what to check when it is a refusal. */
export function unexpected(
  dependency: string,
  { asked, status, headers }: HttpAnswer,
  more: { hint?: string | undefined; setting?: string } = {},
): TransientError {
  return new TransientError(dependency, `${dependency} answered ${status} (${asked})`, {
    status,
    retryAfterMs: retryAfterMs(headers["retry-after"]),
    ...more,
  });
}

/** The body as the schema reads it; JSON is UTF-8, whatever charset the Content-Type claims. Throws TransientError for anything else: a proxy's page, half an answer. */
export function readJson<T>(
  dependency: string,
  { asked, status, body }: HttpAnswer,
  schema: z.ZodType<T>,
): T {
  const parsed = schema.safeParse(parseJson(body.toString("utf8")));
  if (parsed.success) return parsed.data;
  const message = `${dependency} answered ${status} with an unreadable body (${asked})`;
  throw new TransientError(dependency, message, { status });
}
