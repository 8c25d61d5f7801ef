/** The ways to an API server that a cluster's `proxy-url` names. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { connect } from "../../../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../../../src/adapters/kubernetes/cluster.ts";
import { createProxies, portOf } from "../../../tools/proxies.ts";
import { type ApiServer, failure, startApiServer } from "./api-server.ts";

let api: ApiServer;
let asked: string[];

const { httpProxy, socksProxy } = createProxies(
  () => Number(new URL(api.url).port),
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
