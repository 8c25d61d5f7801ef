/** The ways to an API server that a cluster's `proxy-url` names. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import net, { type AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { connect, createCluster } from "../../../../src/adapters/kubernetes/index.ts";
import { type ApiServer, failure, startApiServer } from "./api-server.ts";

let api: ApiServer;
let asked: string[];

/** Whatever is asked for leads to the API server. */
function tunnel(socket: net.Socket): void {
  const upstream = net.connect(Number(new URL(api.url).port), "127.0.0.1");
  for (const end of [socket, upstream]) end.on("error", () => (upstream.destroy(), socket.destroy()));
  socket.pipe(upstream).pipe(socket);
}
const httpProxy = createServer().on("connect", (request: IncomingMessage, socket: net.Socket) => {
  asked.push(`CONNECT ${request.url}`);
  socket.write("HTTP/1.1 200 OK\r\n\r\n");
  tunnel(socket);
});
/** SOCKS 5 as far as a client without a login needs it. */
const socksProxy = net.createServer((socket) => {
  socket.on("error", () => undefined);
  socket.once("data", () => {
    socket.write(Buffer.from([5, 0]));
    socket.once("data", (wanted) => {
      asked.push(`SOCKS ${wanted.subarray(5, 5 + (wanted[4] ?? 0)).toString()}`);
      socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
      tunnel(socket);
    });
  });
});
const portOf = (server: net.Server | Server): number => (server.address() as AddressInfo).port;

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
