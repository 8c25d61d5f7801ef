/** One HTTP exchange over axios: no redirects, no retries, bounded in size and time. */
import http from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import axios, { AxiosError, type AxiosResponse } from "axios";

export interface HttpRequest {
  method: "GET" | "POST" | "HEAD";
  /** Without credentials: they go into `headers`. */
  url: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
  /** The longest silence, before the answer and within it. */
  idleTimeoutMs: number;
  /** The longest whole exchange; unlimited where nothing is said. */
  totalTimeoutMs?: number;
  maxBytes: number;
  /** Never through a proxy: for addresses that mean this machine. */
  direct?: boolean;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, unknown>;
  body: Buffer;
}

/**
 * Why there was no answer. Holds nothing of the request: an axios error does, credentials included. It stays
 * inside the adapters, which say in their own words what it means for them.
 */
export class HttpFailure extends Error {
  /** `code` is a system error code such as ECONNREFUSED, ENOTFOUND, ETIMEDOUT. */
  readonly code: string;
  readonly kind: "network" | "too-large";

  constructor(kind: "network" | "too-large", code: string) {
    super(code);
    this.kind = kind;
    this.code = code;
  }
}

const agents = {
  httpAgent: new http.Agent({ keepAlive: true }),
  httpsAgent: new https.Agent({ keepAlive: true }),
};

/** Sends a request; any status is an answer. Throws HttpFailure, or the signal's reason when it was aborted. */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  request.signal?.throwIfAborted();
  const expiry = new AbortController();
  const expire = () => expiry.abort();
  const idle = setTimeout(expire, request.idleTimeoutMs);
  const total = setTimeout(expire, request.totalTimeoutMs ?? 0x7fffffff);
  const signal = request.signal ? AbortSignal.any([request.signal, expiry.signal]) : expiry.signal;
  try {
    const response = await open(request, signal);
    const body = await readBody(response.data, request.maxBytes, signal, () => idle.refresh());
    return { status: response.status, headers: Object.fromEntries(Object.entries(response.headers)), body };
  } catch (error) {
    request.signal?.throwIfAborted();
    if (error instanceof HttpFailure) throw error;
    throw new HttpFailure("network", expiry.signal.aborted ? "ETIMEDOUT" : codeOf(error));
  } finally {
    clearTimeout(idle);
    clearTimeout(total);
  }
}

function open(request: HttpRequest, signal: AbortSignal): Promise<AxiosResponse<Readable>> {
  return axios.request<Readable>({
    ...agents,
    adapter: "http",
    method: request.method,
    url: request.url,
    headers: { "User-Agent": "powo-builder", ...request.headers },
    ...(request.body && { data: Buffer.from(request.body) }),
    transformRequest: [(data: unknown) => data],
    maxBodyLength: Infinity,
    maxRedirects: 0,
    ...(request.direct === true && { proxy: false }),
    responseType: "stream",
    validateStatus: null,
    signal,
  });
}

async function readBody(
  stream: Readable,
  maxBytes: number,
  signal: AbortSignal,
  onChunk: () => void,
): Promise<Buffer> {
  const stop = () => stream.destroy(new Error("aborted"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      onChunk();
      size += chunk.length;
      if (size > maxBytes) throw new HttpFailure("too-large", "ERR_TOO_LARGE");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AxiosError && error.code !== undefined) return error.code;
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return "ECONNRESET";
}
