/** The ways to an API server that a cluster's `proxy-url` names. */
import { createServer } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../../../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../../../src/adapters/kubernetes/cluster.ts";
import { TransientError } from "../../../../src/errors.ts";
import { requireCertificates } from "../../../sandbox/google/certificates.ts";
import { createProxies, portOf } from "../../../tools/proxies.ts";
import { type ApiServer, failure, startApiServer } from "./api-server.ts";

let api: ApiServer;
let asked: string[];

let target: number;

const { httpProxy, socksProxy } = createProxies(
  () => target,
  (line) => asked.push(line),
);

beforeAll(async () => {
  api = await startApiServer();
  for (const proxy of [httpProxy, socksProxy])
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
});
beforeEach(() => {
  api.reset();
  asked = [];
  target = Number(new URL(api.url).port);
});
afterAll(async () => {
  await api.close();
  for (const proxy of [httpProxy, socksProxy]) proxy.close();
});

const open = async (server: string, proxy: string) =>
  connect({
    kubeconfig: await api.kubeconfig({ token: "t" }, { server, "proxy-url": proxy }),
    timeoutMs: 5000,
  });

it.each([
  ["a SOCKS proxy", () => `socks5h://127.0.0.1:${portOf(socksProxy)}`, "SOCKS api.example"],
  ["an HTTP proxy", () => `http://127.0.0.1:${portOf(httpProxy)}`, "CONNECT api.example:80"],
])("%s leads to the API server, over connections that are kept", async (_, proxy, way) => {
  const connection = await open("http://api.example", proxy());
  const cluster = createCluster(connection);
  await cluster.version();
  await cluster.findNamespaces();
  await cluster.findPods("a");
  await cluster.findPods("b");
  expect(new Set(asked)).toEqual(new Set([way]));
  expect(asked.length).toBeLessThanOrEqual(2);
  expect(api.requests[0]).toBe("GET /version Bearer t");
  expect(api.requests).toHaveLength(4);
  connection.close();
});

it("an HTTP proxy is asked for a tunnel to a server with TLS", async () => {
  const connection = await open("https://api.example", `http://127.0.0.1:${portOf(httpProxy)}`);
  await failure(createCluster(connection).version());
  expect(asked).toContain("CONNECT api.example:443");
  connection.close();
});

describe.each([
  ["no proxy", () => undefined],
  ["a SOCKS proxy", () => `socks5://127.0.0.1:${portOf(socksProxy)}`],
  ["an HTTP proxy", () => `http://127.0.0.1:${portOf(httpProxy)}`],
])("a server with TLS, with %s", (_, proxy) => {
  const { ca, cert, key } = requireCertificates(["api.example"]);
  const [authority, certificate, privateKey] = [ca, cert, key].map((pem) =>
    Buffer.from(pem).toString("base64"),
  );
  const secure = createServer({ cert, key, requestCert: true, rejectUnauthorized: false });
  secure.on("request", ({ socket }, response) => {
    asked.push(`by ${JSON.stringify((socket as TLSSocket).getPeerCertificate().subject)}`);
    response.end('{"gitVersion":"v1.36.0"}');
  });
  beforeAll(() => new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve)));
  afterAll(() => secure.close());

  async function version(cluster: object, user: object = { token: "t" }): Promise<unknown> {
    target = portOf(secure);
    const server = proxy() === undefined ? `https://127.0.0.1:${target}` : "https://10.0.0.1";
    const kubeconfig = await api.kubeconfig(user, { server, "proxy-url": proxy(), ...cluster });
    const connection = connect({ kubeconfig, timeoutMs: 5000 });
    const found = createCluster(connection).version();
    return await found.catch((error: unknown) => error).finally(() => connection.close());
  }
  const name = { "tls-server-name": "api.example" };
  const known = { "certificate-authority-data": authority };

  it.each<[string, object]>([
    ["its own authority and name", { ...known, ...name }],
    ["nothing, where that is wanted", { "insecure-skip-tls-verify": true }],
  ])("is known by %s", async (__, cluster) => {
    expect(await version(cluster)).toBe("v1.36.0");
  });

  it.each<[string, object]>([
    ["an authority that nobody knows", name],
    ["another name", { ...known, "tls-server-name": "other.example" }],
    ["no name", known],
  ])("is not trusted with %s", async (__, cluster) => {
    expect(await version(cluster)).toBeInstanceOf(TransientError);
    expect(asked.filter((line) => line.startsWith("by"))).toEqual([]);
  });

  it("is shown the user's certificate", async () => {
    const user = { "client-certificate-data": certificate, "client-key-data": privateKey };
    await version({ ...known, ...name }, user);
    expect(asked).toContain('by {"CN":"api.example"}');
  });
});
