/** Serves what is made on demand, to read only, over HTTP: at no cost to the run that it is about. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { contentPolicy } from "../../domain/report.ts";
import type { Log } from "../../pipeline/task.ts";
import type { Server } from "../../pipeline/world.ts";

export interface Content {
  type: string;
  text: string;
}

export interface ServerOptions {
  /** On all addresses; else only this machine, or this pod, can ask. */
  isPublic: boolean;
  /** 0 takes any that is free. */
  port: number;
  log: Pick<Log, "warn">;
  /** What makes an answer, by path. */
  pages: Readonly<Record<string, () => Promise<Content>>>;
}

/** How long a question and its answer may take together, however slowly they are sent or read. */
const exchangeMs = 10_000;
const maxConnections = 32;
/** How long an answer is good for: a thousand readers cost no more than one. */
const keepMs = 1_000;

/** This machine's own names: a web page elsewhere that has its name lead here (DNS rebinding) asks by that one. */
const ownName = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

const headers: OutgoingHttpHeaders = {
  ...{ "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" },
  "content-security-policy": `${contentPolicy}; frame-ancestors 'none'`,
};

/** Opens a server, which keeps no process alive. Throws where the port can't be had. */
export async function openServer({ isPublic, port, log, pages }: ServerOptions): Promise<Server> {
  const known = new Map(Object.entries(pages).map(([path, make]) => [path, kept(make)]));
  const alive = async () => plain("ok");
  const answer = async (request: IncomingMessage): Promise<[status: number, Content]> => {
    if (!isPublic && !ownName.test(request.headers.host ?? ""))
      return [403, plain("asked by a foreign name: open http://localhost or http://127.0.0.1")];
    if (request.method !== "GET" && request.method !== "HEAD")
      return [405, plain("only GET and HEAD: nothing can be changed here")];
    const path = request.url?.split("?")[0] ?? "";
    const make = path === "/healthz" ? alive : known.get(path);
    if (!make) return [404, plain(`nothing here; there is ${[...known.keys()].join(", ")} and /healthz`)];
    return [200, await make()];
  };
  const server = createServer({ requestTimeout: exchangeMs }, (request, response) => {
    void answer(request)
      .catch((error: unknown): [number, Content] => {
        log.warn({ error }, "what somebody wanted to see of the run could not be made; the run goes on");
        return [500, plain("this can't be shown just now; the run goes on")];
      })
      .then(([status, { type, text }]) => {
        const own = { "content-type": type, "content-length": Buffer.byteLength(text) };
        response.writeHead(status, { ...headers, ...own, ...(status === 405 && { allow: "GET, HEAD" }) });
        response.end(text);
      });
  });
  server.maxConnections = maxConnections;
  server.maxRequestsPerSocket = 1;
  server.on("connection", (socket) => {
    const late = setTimeout(() => socket.destroy(), exchangeMs).unref();
    socket.unref().on("close", () => clearTimeout(late));
  });
  server.unref().listen(isPublic ? { port } : { port, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("error", () => undefined);
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const plain = (text: string): Content => ({ type: "text/plain; charset=utf-8", text: `${text}\n` });

/** Made once for all who ask at the same time, or right after. */
function kept(make: () => Promise<Content>): () => Promise<Content> {
  let made: Promise<Content> | undefined;
  return () => (made ??= make().finally(() => setTimeout(() => (made = undefined), keepMs).unref()));
}
