/** Credentials, and the connections that all calls share. */
import type { AgentOptions, RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Redactor } from "../../redaction.ts";
import { Agent, type Dispatcher, ProxyAgent } from "undici";

export interface Credentials {
  headers: Record<string, string>;
  dispatcher: Dispatcher;
}

export interface Connections {
  /** Rejects with whatever a file or an exec plugin fails with: not to be shown. */
  credentials(): Promise<Credentials>;
  /** Has later calls open connections of their own: when one is dead, those that are kept may be, too. */
  renew(suspect: Dispatcher): void;
  close(): void;
}

const limits = {
  /** Longer than the Lease's renewals are apart, shorter than load balancers keep silent connections. */
  keepAliveTimeout: 55_000,
  connections: 8,
  maxResponseSize: 64 * 1024 * 1024,
  // A call that is given up ends its connection in HTTP/1.1 only; HTTP/2 would go on with a dead one.
  allowH2: false,
  proxyTunnel: true,
};

/** One dispatcher, for as long as certificates, keys and proxy stay the same. */
export function shareConnections(kubeConfig: KubeConfig, { add }: Pick<Redactor, "add">): Connections {
  let current: { key: string; dispatcher: Dispatcher } | undefined;
  let reading: Promise<Credentials> | undefined;

  const end = (how: "close" | "destroy") => {
    current?.dispatcher[how]().catch(() => undefined);
    current = undefined;
  };

  const read = async (): Promise<Credentials> => {
    const options: RequestOptions & AgentOptions = {};
    await kubeConfig.applyToHTTPSOptions(options);
    const headers = headersOf(options);
    // Tokens come from files and programs, and are replaced; keys may be files.
    add(headers["Authorization"]?.replace(/^\S+ /, "") ?? "");
    for (const secret of [options.key, options.passphrase])
      if (typeof secret === "string" || Buffer.isBuffer(secret)) add(secret.toString());
    const wanted = kubeConfig.createDispatcherOptions(kubeConfig.getCurrentCluster(), options);
    const key = JSON.stringify(wanted);
    if (current?.key !== key) {
      end("close");
      current = { key, dispatcher: createDispatcher(wanted) };
    }
    return { headers, dispatcher: current.dispatcher };
  };

  return {
    // One exec plugin for all calls that wait for it.
    credentials: () => (reading ??= read().finally(() => (reading = undefined))),
    renew(suspect) {
      if (current?.dispatcher === suspect) end("close");
    },
    close: () => end("destroy"),
  };
}

function createDispatcher(wanted: ReturnType<KubeConfig["createDispatcherOptions"]>): Dispatcher {
  // undici's own types and client-node's differ in `undefined` alone.
  const options = { ...limits, ...wanted } as ProxyAgent.Options;
  if (wanted.type === "agent" || wanted.type === "none") return new Agent(options);
  // undici knows SOCKS 5 by one scheme only, and always has the proxy resolve the name.
  return new ProxyAgent({ ...options, uri: wanted.uri.replace(/^socks5h:/, "socks5:") });
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries((headers ?? {}) as Record<string, string>);
  if (typeof auth === "string")
    given.push(["Authorization", `Basic ${Buffer.from(auth).toString("base64")}`]);
  // A token file may end with a line break.
  return Object.fromEntries(given.map(([name, value]) => [name, value.trim()]));
}
