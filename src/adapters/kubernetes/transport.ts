/**
 * HTTP to the API server. client-node's own transport opens a new TLS connection for every request (2.0.1 makes an
 * undici Agent each time) and its API classes keep 13 MB of models; so only its KubeConfig is used here: contexts,
 * exec plugins, proxies, and the token file, which it reads again every minute.
 */
import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { retryAfterMs } from "../http/retry-after.ts";
import { ApiFailure, NoAnswer } from "./failures.ts";

export interface ApiRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
}

export interface Transport {
  /** The body of a good answer. Throws ApiFailure for a refusal, NoAnswer for everything else. */
  send(request: ApiRequest): Promise<string>;
  /** Closes idle connections. */
  close(): void;
}

const maxBytes = 64 * 1024 * 1024;
/** Longer than the Lease's renewals are apart, shorter than load balancers keep silent connections. */
const idleMs = 55_000;

export function createTransport(kubeConfig: KubeConfig, timeoutMs: number): Transport {
  const server = kubeConfig.getCurrentCluster()?.server ?? "";
  const agents = createAgents(kubeConfig);

  const exchange = async (request: ApiRequest): Promise<string> => {
    const url = new URL(server + request.path);
    for (const [key, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(key, value);
    const { headers, agent } = await agents.credentials();
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await sendOnce(url, request, { headers, agent, signal });
    } catch (error) {
      if (error instanceof ApiFailure) throw error;
      if (signal.aborted) throw new NoAnswer(`gave no answer within ${timeoutMs / 1000} s`);
      throw error;
    }
  };

  return {
    async send(request) {
      try {
        return await exchange(request);
      } catch (error) {
        // A kept connection that the server has just closed: nothing was read, so reading may be tried again.
        if (error instanceof StaleConnection && request.method === "GET") return await exchange(request);
        throw error;
      }
    },
    close: () => agents.close(),
  };
}

class StaleConnection extends NoAnswer {}

interface Credentials {
  headers: http.OutgoingHttpHeaders;
  agent: http.Agent;
}

/** One agent that keeps connections, as long as certificates and keys stay the same. */
function createAgents(kubeConfig: KubeConfig): { credentials(): Promise<Credentials>; close(): void } {
  let current: { key: string; agent: http.Agent } | undefined;
  const cluster = kubeConfig.getCurrentCluster();
  const secure = cluster?.server.startsWith("https:") ?? true;

  return {
    async credentials() {
      const options: https.RequestOptions = {};
      try {
        await kubeConfig.applyToHTTPSOptions(options);
      } catch (error) {
        // An exec plugin's message may hold what it printed; only a system error's code is shown.
        throw new NoAnswer(`can't be asked: no credentials${codeOf(error)}`);
      }
      const authorization =
        typeof options.auth === "string"
          ? { authorization: `Basic ${Buffer.from(options.auth).toString("base64")}` }
          : {};
      const headers = { ...(options.headers as http.OutgoingHttpHeaders | undefined), ...authorization };
      if (cluster?.proxyUrl !== undefined && options.agent instanceof http.Agent)
        return { headers, agent: options.agent };
      const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
      const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
      const fingerprint = Object.values(tls).map(String).join("\n");
      if (current?.key !== fingerprint) {
        current?.agent.destroy();
        const kept = { keepAlive: true, maxSockets: 8, timeout: idleMs };
        const agent = secure
          ? new https.Agent({ ...kept, ...(withoutUndefined(tls) as https.AgentOptions) })
          : new http.Agent(kept);
        current = { key: fingerprint, agent };
      }
      return { headers, agent: current.agent };
    },
    close: () => current?.agent.destroy(),
  };
}

const withoutUndefined = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";

/** One request on one connection. */
async function sendOnce(
  url: URL,
  { method, body, contentType }: ApiRequest,
  { headers, agent, signal }: Credentials & { signal: AbortSignal },
): Promise<string> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const request = (url.protocol === "https:" ? https : http).request(url, {
    method,
    agent,
    signal,
    headers: {
      accept: "application/json, */*;q=0.5",
      "user-agent": "powo-builder",
      ...headers,
      ...(payload && {
        "content-type": contentType ?? "application/json",
        "content-length": payload.length,
      }),
    },
  });
  let answered = false;
  try {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once("response", resolve).once("error", reject).end(payload);
    });
    answered = true;
    // Breaks show on the response from here on; without a listener the request's copy would end the process.
    request.on("error", () => undefined);
    const text = await readText(response);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status <= 299) return text;
    const failure = new ApiFailure(status, text, retryAfterMs(response.headers["retry-after"]));
    // A proxy's, or a server's that is still starting: taken for "not found", the run's state would be missed.
    if (status === 404 && failure.reason === "") throw new NoAnswer("answered 404 without saying of what");
    throw failure;
  } catch (error) {
    if (error instanceof ApiFailure || error instanceof NoAnswer) throw error;
    const how = `did not answer${codeOf(error)}`;
    throw request.reusedSocket && !answered ? new StaleConnection(how) : new NoAnswer(how);
  }
}

async function readText(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new NoAnswer("gave an answer that is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
