/** Credentials, and the connections that all calls share. */
import http from "node:http";
import https, { type AgentOptions, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent";
import { SocksProxyAgent } from "socks-proxy-agent";
import type { Redactor } from "../../redaction.ts";

export interface Credentials {
  headers: Record<string, string>;
  agent: http.Agent;
}

export interface Connections {
  /** Rejects with whatever a file or an exec plugin fails with: not to be shown. */
  credentials(): Promise<Credentials>;
  /** Has later calls open connections of their own: when one is dead, those that are kept may be, too. */
  renew(suspect: http.Agent): void;
  close(): void;
}

const limits = {
  keepAlive: true,
  /** Longer than the Lease's renewals are apart, shorter than load balancers keep silent connections. */
  timeout: 55_000,
  maxSockets: 8,
};

/** One agent, for as long as certificates, keys and proxy stay the same. */
export function shareConnections(kubeConfig: KubeConfig, { add }: Pick<Redactor, "add">): Connections {
  let current: { id: string; agent: http.Agent } | undefined;
  let reading: Promise<Credentials> | undefined;

  /** Ends what is idle; calls under way go on. */
  const retire = () => {
    const idle = Object.values(current?.agent.freeSockets ?? {}).flat();
    for (const socket of idle) socket?.destroy();
    current = undefined;
  };

  const read = async (): Promise<Credentials> => {
    const options: RequestOptions & AgentOptions = {};
    await kubeConfig.applyToHTTPSOptions(options);
    const headers = headersOf(options);
    const { server = "", proxyUrl } = kubeConfig.getCurrentCluster() ?? {};
    const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options;
    // Tokens come from files and programs, and are replaced; keys may be files.
    add(headers["Authorization"]?.replace(/^\S+ /, "") ?? "");
    for (const secret of [key, passphrase])
      if (typeof secret === "string" || Buffer.isBuffer(secret)) add(secret.toString());
    const wanted = { ca, cert, key, passphrase, rejectUnauthorized, servername };
    const id = JSON.stringify([server, proxyUrl, wanted]);
    if (current?.id !== id) {
      retire();
      current = { id, agent: createAgent(server, proxyUrl, wanted) };
    }
    return { headers, agent: current.agent };
  };

  return {
    // One exec plugin for all calls that wait for it.
    credentials: () => (reading ??= read().finally(() => (reading = undefined))),
    renew(suspect) {
      if (current?.agent === suspect) retire();
    },
    close() {
      current?.agent.destroy();
      current = undefined;
    },
  };
}

/** client-node's own agents keep no connection. */
function createAgent(server: string, proxy: string | undefined, tls: AgentOptions): http.Agent {
  const isTls = server.startsWith("https:");
  const options = { ...limits, ...tls };
  if (proxy === undefined) return isTls ? new https.Agent(options) : new http.Agent(options);
  // Have the proxy resolve the name, as kubectl does.
  if (proxy.startsWith("socks"))
    return new SocksProxyAgent(proxy.replace(/^socks(5?):/, "socks5h:"), options);
  return isTls ? new HttpsProxyAgent({ ...options, proxy }) : new HttpProxyAgent({ ...options, proxy });
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries((headers ?? {}) as Record<string, string>);
  if (typeof auth === "string")
    given.push(["Authorization", `Basic ${Buffer.from(auth).toString("base64")}`]);
  // A token file may end with a line break.
  return Object.fromEntries(given.map(([name, value]) => [name, value.trim()]));
}
