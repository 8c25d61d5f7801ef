/** A web server for the data URL, with everything that a URL can do wrong. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Faults, showFault } from "./faults.ts";

type Served =
  | { kind: "bytes"; bytes: Buffer; type: string; chunkMs: number }
  | { kind: "redirect"; to: string; status: number }
  | { kind: "stream"; length: number };

export interface FileServer {
  /** `http://127.0.0.1:PORT` */
  url: string;
  faults: Faults;
  /** Every request, in order; `authorization` tells whether a login came along. */
  requests: { method: string; path: string; status: number; authorization: string | undefined }[];
  /** The URL of a name, whether something is served there or not (404). */
  urlOf: (name: string) => string;
  /** Serves these bytes, or this text or value as JSON; gives the URL. `chunkMs` sends 1 KiB at a time. */
  serve: (
    name: string,
    content: Uint8Array | string | object,
    options?: { type?: string; chunkMs?: number },
  ) => string;
  /** Redirects to another name or to a whole URL. */
  redirect: (name: string, to: string, status?: 301 | 302 | 303 | 307 | 308) => string;
  /** Two names that redirect to each other for ever. */
  loop: (name: string) => string;
  /** A body without Content-Length, 1 GiB unless told otherwise, made while it is sent. */
  stream: (name: string, length?: number) => string;
  remove: (name: string) => void;
  close: () => Promise<void>;
}

const KIB = 1_024;

export async function startFiles({ port = 0 }: { port?: number } = {}): Promise<FileServer> {
  const faults = new Faults();
  const served = new Map<string, Served>();
  const requests: FileServer["requests"] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://files");
    const method = request.method ?? "GET";
    const recorded = { method, path: pathname, status: 0, authorization: request.headers.authorization };
    requests.push(recorded);
    if (!(await showFault(faults.take({ method, path: pathname, query: searchParams }), request, response)))
      return;
    const file = served.get(decodeURIComponent(pathname.slice(1)));
    recorded.status = file ? (file.kind === "redirect" ? file.status : 200) : 404;
    if (!file) response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not Found</h1>");
    else if (file.kind === "redirect") response.writeHead(file.status, { location: file.to }).end();
    else if (file.kind === "stream") await sendStream(response, file.length);
    else await sendBytes(request, response, file);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const urlOf = (name: string): string => `${url}/${name}`;
  const put = (name: string, file: Served): string => {
    served.set(name, file);
    return urlOf(name);
  };
  const redirect: FileServer["redirect"] = (name, to, status = 302) =>
    put(name, { kind: "redirect", to: /^https?:/.test(to) ? to : `/${to}`, status });
  return {
    url,
    faults,
    requests,
    urlOf,
    redirect,
    serve: (name, content, { type = "application/json", chunkMs = 0 } = {}) =>
      put(name, { kind: "bytes", bytes: bytesOf(content), type, chunkMs }),
    loop: (name) => {
      redirect(`${name}-again`, name);
      return redirect(name, `${name}-again`);
    },
    stream: (name, length = KIB ** 3) => put(name, { kind: "stream", length }),
    remove: (name) => void served.delete(name),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function bytesOf(content: Uint8Array | string | object): Buffer {
  if (content instanceof Uint8Array) return Buffer.from(content);
  return Buffer.from(typeof content === "string" ? content : JSON.stringify(content));
}

async function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, type, chunkMs }: Extract<Served, { kind: "bytes" }>,
): Promise<void> {
  const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}"`;
  if (request.headers["if-none-match"] === etag) return void response.writeHead(304, { etag }).end();
  response.writeHead(200, { "content-type": type, "content-length": bytes.length, etag });
  if (request.method === "HEAD") return void response.end();
  if (chunkMs === 0) return void response.end(bytes);
  for (let at = 0; at < bytes.length && !response.destroyed; at += KIB) {
    response.write(bytes.subarray(at, at + KIB));
    await delay(chunkMs);
  }
  response.end();
}

/** Starts as JSON does, so that a reader only finds out by counting. */
async function sendStream(response: ServerResponse, length: number): Promise<void> {
  response.writeHead(200, { "content-type": "application/json" });
  const block = Buffer.alloc(64 * KIB, " ");
  const blocks = function* (): Generator<Buffer> {
    yield Buffer.from("{");
    for (let left = length - 1; left > 0; left -= block.length) yield block.subarray(0, left);
  };
  await pipeline(Readable.from(blocks()), response);
}
