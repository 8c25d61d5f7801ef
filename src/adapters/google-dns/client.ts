/**
 * Requests to Cloud DNS. Endpoint, scopes and tokens are those of `@google-cloud/dns`; the exchange itself is ours,
 * because the library's can neither be ended nor kept from retrying: a Change that is given up here must not be sent
 * once more behind the engine's back.
 */
import { PermanentError, TransientError } from "../../errors.ts";
import { HttpFailure, send, type HttpAnswer } from "../http/send.ts";
import { requireCredentials, type CredentialsOptions } from "./credentials.ts";

export const dependency = "Cloud DNS";
const timeoutMs = 30_000;

export interface GoogleDnsOptions extends CredentialsOptions {
  /** G_PROJECT. */
  project: string;
  /** CLOUD_DNS_ENDPOINT: an emulator, with or without `/dns/v1`; it gets no credentials. */
  endpoint?: string | undefined;
  /** 30 s where nothing is said. */
  timeoutMs?: number | undefined;
}

export type Ask = (
  method: "GET" | "POST",
  path: readonly string[],
  extras?: { query?: Record<string, string>; body?: unknown },
) => Promise<HttpAnswer>;

interface Connection {
  /** Ends with `/dns/v1`. */
  baseUrl: string;
  authorize: (url: string) => Promise<Record<string, string>>;
}

/** Connects at the first question. Its answers may have any status; throws TransientError when there is none. */
export function createAsk(options: GoogleDnsOptions): Ask {
  let connection: Promise<Connection> | undefined;
  const connected = () =>
    (connection ??= connect(options).catch((error: unknown) => {
      connection = undefined;
      throw error;
    }));
  return async (method, path, { query = {}, body } = {}) => {
    const { baseUrl, authorize } = await connected();
    const url = new URL(baseUrl);
    const segments = ["projects", options.project, "managedZones", ...path];
    url.pathname = [url.pathname, ...segments.map((segment) => encodeURIComponent(segment))].join("/");
    url.search = new URLSearchParams(query).toString();
    const headers = {
      Accept: "application/json",
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(await authorize(url.href)),
    };
    const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    return exchange(method, url.href, headers, sent, options.timeoutMs ?? timeoutMs);
  };
}

async function exchange(
  method: "GET" | "POST",
  url: string,
  headers: Record<string, string>,
  sent: { body?: Uint8Array },
  limitMs: number,
): Promise<HttpAnswer> {
  const limits = { idleTimeoutMs: limitMs, totalTimeoutMs: limitMs, maxBytes: 16 * 1024 * 1024 };
  try {
    return await send({ method, url, headers, ...sent, ...limits });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    throw new TransientError(dependency, `Cloud DNS can't be asked right now (${error.code})`);
  }
}

async function connect(options: GoogleDnsOptions): Promise<Connection> {
  if (options.endpoint !== undefined) {
    const base = options.endpoint.replace(/\/+$/, "");
    const baseUrl = base.endsWith("/dns/v1") ? base : `${base}/dns/v1`;
    return { baseUrl, authorize: () => Promise.resolve({}) };
  }
  const keyFilename = await requireCredentials(options);
  const { DNS } = await import("@google-cloud/dns");
  const dns = new DNS({ projectId: options.project, ...(keyFilename !== undefined && { keyFilename }) });
  return {
    baseUrl: dns.baseUrl,
    async authorize(url) {
      try {
        const headers = await withinTime(
          dns.authClient.getRequestHeaders(url),
          options.timeoutMs ?? timeoutMs,
        );
        return Object.fromEntries(headers.entries());
      } catch (error) {
        throw loginError(error);
      }
    },
  };
}

/** The library gives a token's request no time limit. */
async function withinTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no token within its time")), ms);
  });
  return Promise.race([work, expiry]).finally(() => clearTimeout(timer));
}

/** No text of the library's error is used: it may hold the signed request. */
function loginError(error: unknown): Error {
  const status = statusOf(error);
  if (status === undefined || status === 429 || status >= 500) {
    const seen = status === undefined ? "no answer" : String(status);
    return new TransientError(dependency, `Google gives no token right now (${seen})`);
  }
  return new PermanentError("DNS_LOGIN", `Google refused the credentials (${status})`, {
    hint: "GOOGLE_APPLICATION_CREDENTIALS must be a key of a service account that exists and is enabled",
  });
}

function statusOf(error: unknown): number | undefined {
  const { status, response } = error as { status?: unknown; response?: { status?: unknown } };
  const found = response?.status ?? status;
  return typeof found === "number" ? found : undefined;
}
