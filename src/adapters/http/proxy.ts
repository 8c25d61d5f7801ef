/** Which proxy a request takes: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, read as Go and curl read them. */
import net from "node:net";
import { unescape } from "node:querystring";
import type { AxiosProxyConfig } from "axios";
import type { Environment } from "../../config/settings.ts";
import { ConfigError } from "../../errors.ts";

const exceptions = "NO_PROXY";
/** This machine, and the link-local metadata server of a cloud: no proxy reaches them. */
const alwaysDirect = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fe80::/10";

/**
 * The proxy for `url`, or undefined for a direct connection. Names in NO_PROXY match themselves and everything below them,
 * with or without a leading dot; addresses, CIDR blocks, ports and `*` work too. Neither axios nor Google's client reads it
 * so: to them `.cluster.local` and `cluster.local` are two different things. Throws ConfigError for a proxy that is no HTTP URL.
 */
export function findProxy(url: URL, env: Environment = process.env): URL | undefined {
  const [name, port] = url.protocol === "https:" ? ["HTTPS_PROXY", "443"] : ["HTTP_PROXY", "80"];
  const given = read(env, name);
  if (given === undefined) return undefined;
  const target = { host: url.hostname.replace(/^\[|\]$|\.$/g, ""), port: url.port || port };
  const direct = `${alwaysDirect},${read(env, exceptions) ?? ""}`.toLowerCase().split(/[\s,]+/);
  if (direct.some((entry) => covers(entry, target))) return undefined;
  const proxy = URL.parse(given.includes("://") ? given : `http://${given}`);
  if (proxy && /^https?:$/.test(proxy.protocol)) return proxy;
  throw new ConfigError([{ where: name, what: "is not an http:// or https:// URL; correct or unset it" }]);
}

/** As `findProxy`, for axios. */
export function proxyFor(url: URL, env: Environment = process.env): AxiosProxyConfig | false {
  const proxy = findProxy(url, env);
  if (!proxy) return false;
  const usualPort = proxy.protocol === "https:" ? 443 : 80;
  const login = { username: unescape(proxy.username), password: unescape(proxy.password) };
  return {
    protocol: proxy.protocol,
    host: proxy.hostname,
    port: Number(proxy.port || usualPort),
    ...(login.username !== "" && { auth: login }),
  };
}

/** Upper case first, as Go; empty is unset. */
function read(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

function covers(entry: string, { host, port }: { host: string; port: string }): boolean {
  if (entry === "*") return true;
  const [, name = "", only] = net.isIPv6(entry) ? ["", entry] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []);
  if (only !== undefined && only !== port) return false;
  const [base = "", bits] = name.replace(/^\[(.*)\]$/, "$1").split("/");
  if (net.isIP(base) !== 0) return isWithin(host, base, bits);
  const suffix = base.replace(/^\*?\.|\.$/g, "");
  return suffix !== "" && (host === suffix || host.endsWith(`.${suffix}`));
}

function isWithin(host: string, base: string, bits: string | undefined): boolean {
  const familyOf = (address: string) => (net.isIPv6(address) ? "ipv6" : "ipv4");
  const longest = net.isIPv6(base) ? 128 : 32;
  const prefix = bits === undefined ? longest : /^\d+$/.test(bits) ? Number(bits) : Infinity;
  if (net.isIP(host) === 0 || prefix > longest) return false;
  const block = new net.BlockList();
  block.addSubnet(base, prefix, familyOf(base));
  return block.check(host, familyOf(host));
}
