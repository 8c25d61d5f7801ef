/**
 * How a program gets to the double when it asks for Google by name. Where we may mount and listen on port 443: with
 * an /etc/hosts of its own, so that it does what it does in production. Elsewhere: by a proxy that knows these names.
 */
import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { Server } from "node:https";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import path from "node:path";
import { promisify } from "node:util";

export interface Way {
  kind: "hosts" | "proxy";
  env: Record<string, string>;
  /** The command that runs this one where Google's names lead to the double. */
  wrap: (command: readonly string[]) => [string, ...string[]];
  close: () => Promise<void>;
}

interface WayOptions {
  /** Speaks TLS; listens nowhere yet. */
  server: Server;
  hosts: readonly string[];
  /** For the hosts file. */
  dir: string;
  /** Hosts that the proxy was asked for and refused. */
  refused: string[];
}

/** Undefined where it can't be gone: no Linux, no right to mount, or port 443 is somebody else's. */
export async function openByHosts({ server, hosts, dir }: WayOptions): Promise<Way | undefined> {
  const file = path.join(dir, "hosts");
  await writeFile(file, "");
  const wrap: Way["wrap"] = (command) => ["unshare", ...alone, "sh", "-c", mountAndRun, file, ...command];
  const [program, ...args] = wrap(["true"]);
  const canMount = await promisify(execFile)(program, args).then(
    () => true,
    () => false,
  );
  const address = canMount ? await listenOnPort443(server) : undefined;
  if (address === undefined) return undefined;
  const ours = hosts.map((host) => `${address} ${host}\n`);
  await writeFile(file, ours.join("") + (await readFile("/etc/hosts", "utf8")));
  return { kind: "hosts", env: {}, wrap, close: () => closeServer(server) };
}

/** Nothing that is mounted reaches the machine's own /etc/hosts. */
const alone = ["--mount", "--propagation=private"];
/** `$0` is the hosts file. Each program takes the place of the one before it, so a signal reaches the last. */
const mountAndRun = 'mount --bind "$0" /etc/hosts && exec "$@"';
const maxTries = 20;

/** An address of 127/8 for each double: several live at once. */
async function listenOnPort443(server: Server): Promise<string | undefined> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const address = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
    const failure = await listen(server, 443, address).then(() => undefined, codeOf);
    if (failure === undefined) return address;
    if (failure !== "EADDRINUSE") return undefined;
  }
  return undefined;
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** Leads to the double whatever its names are asked for, and nowhere else. */
export async function openByProxy({ server, hosts, refused }: WayOptions): Promise<Way> {
  const sockets = new Set<Socket>();
  const proxy = createHttpServer((request, response) => {
    refused.push(request.url ?? "");
    response.writeHead(403).end();
  });
  proxy.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  proxy.on("connect", (request, socket) => {
    const asked = request.url ?? "";
    if (!hosts.some((host) => asked === `${host}:443`)) {
      refused.push(asked);
      return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    }
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    server.emit("connection", socket);
  });
  await listen(proxy, 0, "127.0.0.1");
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    kind: "proxy",
    env: { HTTPS_PROXY: url, NO_PROXY: "127.0.0.1,localhost" },
    wrap: ([program = "", ...args]) => [program, ...args],
    async close() {
      for (const socket of sockets) socket.destroy();
      await closeServer(proxy);
    },
  };
}

const listen = (server: NetServer, port: number, address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.off("error", reject);
      resolve();
    });
  });

const closeServer = (server: NetServer & { closeAllConnections: () => void }): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
