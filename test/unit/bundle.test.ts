/** What the bundle loads late or leaves out (scripts/lean-bundle.ts) takes nothing from the ways to an API server. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { requireProgram } from "../tools/built-program.ts";
import { removeFolder } from "../tools/remove-folder.ts";

let dir: string;
let program: string;
let requests: string[];
const closing: (() => void)[] = [];

const api = createServer((request, response) => {
  requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? "without a token"}`);
  response.writeHead(404, { "content-type": "application/json" });
  response.end(JSON.stringify({ kind: "Status", reason: "NotFound", code: 404 }));
});
/** Whatever tunnel is asked for leads to the API server. */
const httpProxy = createServer();
httpProxy.on("connect", (request: IncomingMessage, socket: net.Socket) => {
  requests.push(`CONNECT ${request.url}`);
  socket.write("HTTP/1.1 200 OK\r\n\r\n");
  tunnel(socket);
});
/** SOCKS 5 as far as a client without a login needs it: whatever it asks for, it gets the API server. */
const socksProxy = net.createServer((socket) => {
  socket.on("error", () => undefined);
  socket.once("data", () => {
    socket.write(Buffer.from([5, 0]));
    socket.once("data", (asked) => {
      requests.push(`SOCKS ${asked.subarray(5, 5 + (asked[4] ?? 0)).toString()}`);
      socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
      tunnel(socket);
    });
  });
});

function tunnel(socket: net.Socket): void {
  const upstream = net.connect(portOf(api), "127.0.0.1");
  for (const end of [socket, upstream]) end.on("error", () => (upstream.destroy(), socket.destroy()));
  socket.pipe(upstream).pipe(socket);
}

const portOf = (server: net.Server | Server): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  program = await requireProgram();
  dir = await mkdtemp(path.join(tmpdir(), "bundle-"));
  for (const server of [api, httpProxy, socksProxy]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
  }
});
afterAll(async () => {
  for (const close of closing) close();
  await removeFolder(dir);
});
beforeEach(() => {
  requests = [];
});

/** Asks for the history with this kubeconfig; the state is looked up once. */
async function history(cluster: object, user: object) {
  const kubeconfig = path.join(dir, "config");
  const config = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "builder" } }],
    "current-context": "x",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const env = { PATH: process.env["PATH"] ?? "", ENVIRONMENT: "prod", KUBECONFIG: kubeconfig };
  return execa(process.execPath, [program, "history"], {
    env: { ...env, RETRY_TIMEOUT: "0s" },
    extendEnv: false,
    reject: false,
  });
}

const asked = "GET /api/v1/namespaces/builder/configmaps/powo-builder-prod";
const away = "http://api.example";

it("reaches the API server through a SOCKS proxy", async () => {
  const proxy = `socks5h://127.0.0.1:${portOf(socksProxy)}`;
  expect(await history({ server: away, "proxy-url": proxy }, { token: "t" })).toMatchObject({ exitCode: 0 });
  expect(requests).toEqual(["SOCKS api.example", `${asked} Bearer t`]);
});

it("reaches the API server through an HTTP proxy", async () => {
  const proxy = `http://127.0.0.1:${portOf(httpProxy)}`;
  expect(await history({ server: away, "proxy-url": proxy }, { token: "t" })).toMatchObject({ exitCode: 0 });
  expect(requests).toEqual(["CONNECT api.example:80", `${asked} Bearer t`]);
});

it("asks an HTTP proxy for a tunnel to a server with TLS", async () => {
  const proxy = `http://127.0.0.1:${portOf(httpProxy)}`;
  await history({ server: "https://api.example", "proxy-url": proxy }, { token: "t" });
  expect(requests).toContain("CONNECT api.example:443");
});

it("gets its token from an exec plugin", async () => {
  const credential = {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "of-the-plugin" },
  };
  const exec = {
    apiVersion: credential.apiVersion,
    command: process.execPath,
    args: ["-e", `console.log(${JSON.stringify(JSON.stringify(credential))})`],
    interactiveMode: "Never",
  };
  expect(await history({ server: `http://127.0.0.1:${portOf(api)}` }, { exec })).toMatchObject({
    exitCode: 0,
  });
  expect(requests).toEqual([`${asked} Bearer of-the-plugin`]);
});
