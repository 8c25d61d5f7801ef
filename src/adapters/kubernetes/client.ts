/** client-node's API classes, on shared connections and with the builder's errors. */
import { once } from "node:events";
import {
  type ApiConstructor,
  createConfiguration,
  PatchStrategy,
  type RequestContext,
  ResponseContext,
  SelfDecodingBody,
  ServerConfiguration,
  setHeaderOptions,
  type V1ListMeta,
  wrapHttpLibrary,
} from "@kubernetes/client-node";
import { TransientError } from "../../errors.ts";
import { createRedactor, type Redactor } from "../../redaction.ts";
import { type HttpRequest, send } from "../http/send.ts";
import { type Connections, type Credentials, shareConnections } from "./connections.ts";
import { type Answer, dependency, mediaTypeOf, noAnswer, translate } from "./failures.ts";
import { findNamespace, loadKubeConfig } from "./kubeconfig.ts";

export interface ConnectOptions {
  /** Path of a kubeconfig, or several as in KUBECONFIG; without it the pod's service account, then the default. */
  kubeconfig?: string | undefined;
  /** The builder's own namespace (BUILDER_NAMESPACE); else the pod's, or the context's. */
  namespace?: string | undefined;
  /** Learns credentials as they are read, and keeps them out of what the server says. */
  redactor?: Redactor | undefined;
  /** How long one call may take, from reading the credentials to the end of the answer. */
  timeoutMs?: number | undefined;
}

export interface KubernetesConnection {
  /**
   * An API class of client-node. Its calls throw ConflictError for 409, and TransientError for everything else that is
   * no good answer within the time limit.
   */
  api<T extends object>(api: ApiConstructor<T>, timeoutMs?: number): T;
  /** The builder's own namespace. */
  namespace: string;
  /** Closes all connections; the process ends without it, too. */
  close(): void;
}

/** Reads the configuration; asks nothing yet. Throws ConfigError when there is none that can be read. */
export function connect(options: ConnectOptions = {}): KubernetesConnection {
  const { kubeConfig, server } = loadKubeConfig(options.kubeconfig);
  // Left alone, client-node 2.0.1 opens a new connection for each request.
  const { redactor = createRedactor() } = options;
  const connections = shareConnections(kubeConfig, redactor);
  return {
    api: (api, timeoutMs = options.timeoutMs ?? 30_000) =>
      new api(
        createConfiguration({
          baseServer: new ServerConfiguration(server, {}),
          httpApi: wrapHttpLibrary({
            send: (context) => exchange(context, { connections, redactor, timeoutMs }),
          }),
        }),
      ),
    namespace: findNamespace(kubeConfig, options.namespace),
    close: () => connections.close(),
  };
}

/** One call: credentials, request and answer, the latter in the shape that client-node reads. */
async function exchange(
  context: RequestContext,
  { connections, redactor, timeoutMs }: { connections: Connections; redactor: Redactor; timeoutMs: number },
): Promise<ResponseContext> {
  const signal = AbortSignal.timeout(timeoutMs);
  const inTime = `within ${timeoutMs / 1000} s`;
  const late = once(signal, "abort").then(() => Promise.reject(new Error(inTime)));
  const credentials = await Promise.race([connections.credentials(), late]).catch((error: unknown) => {
    // An exec plugin's message may hold what it printed; only a system error's code is shown.
    const why = signal.aborted ? ` ${inTime}` : codeOf(error);
    throw noAnswer(context, `can't be asked: no credentials${why}`);
  });
  const answer = await ask(context, credentials, { signal, timeoutMs }).catch((error: unknown) => {
    if (!signal.aborted) throw noAnswer(context, `did not answer${codeOf(error)}`);
    connections.renew(credentials.agent);
    throw noAnswer(context, `gave no answer ${inTime}`);
  });
  const { status, text } = answer;
  if (status < 200 || status > 299) throw translate(context, answer, redactor.redact);
  const headers = { "content-type": mediaTypeOf(context, answer) };
  return new ResponseContext(status, headers, new SelfDecodingBody(Promise.resolve(Buffer.from(text))));
}

async function ask(
  context: RequestContext,
  { headers, agent }: Credentials,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<Answer> {
  const method = context.getHttpMethod() as HttpRequest["method"];
  const body = context.getBody() as string | undefined;
  const question: HttpRequest = {
    ...{ method, url: context.getUrl(), agent, signal, totalTimeoutMs: timeoutMs, maxBytes },
    headers: { "Accept-Encoding": "identity", ...context.getHeaders(), ...headers },
    ...(body !== undefined && { body: Buffer.from(body) }),
  };
  const answer = await send(question).catch((error: unknown) => {
    // A kept connection that the server has just closed: nothing was read, so reading may be tried again.
    if (method === "GET" && closed.test(codeOf(error))) return send(question);
    throw error;
  });
  return {
    status: answer.status,
    text: answer.body.toString("utf8"),
    retryAfter: answer.headers["retry-after"],
  };
}

const maxBytes = 64 * 1024 * 1024;
const closed = /ECONNRESET|EPIPE/;

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";

/** Options of a call whose body is a JSON merge patch: null removes; with a resourceVersion in it, it is conditional. */
export const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

interface Page<T> {
  kind?: string;
  items: T[] | null;
  metadata?: V1ListMeta;
}

interface PageQuery {
  limit: number;
  _continue?: string;
}

const pageSize = 500;

/** All objects of a list, page by page. Throws TransientError when the pages don't end. */
export async function listAll<T>(list: (query: PageQuery) => Promise<Page<T>>): Promise<T[]> {
  const tokens = new Set<string>();
  const found: T[][] = [];
  for (let query: PageQuery = { limit: pageSize }; ;) {
    const { kind, items, metadata } = await list(query);
    found.push(items ?? []);
    const token = metadata?._continue ?? "";
    if (token === "") return found.flat();
    if (tokens.has(token))
      throw new TransientError(dependency, `${dependency} gave the same page of a ${kind ?? "list"} twice`);
    tokens.add(token);
    query = { limit: pageSize, _continue: token };
  }
}
