/** Servers and connections that fail: every call ends, and nothing is ever sent twice. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createGoogleDns } from "../../../../src/adapters/google-dns/index.ts";
import { TransientError } from "../../../../src/errors.ts";

/** Longer than the first pause of the library, whose retries would show by then. */
const laterMs = 4_000;
const json = { "content-type": "application/json" };
const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

/** A server that answers like this, what it was asked, and a client for it. */
async function serve(handle: RequestListener, timeoutMs = 1_500) {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    handle(request, response);
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { requests, sockets, close, dns: createGoogleDns({ project: "p", endpoint, timeoutMs }) };
}
type Served = Awaited<ReturnType<typeof serve>>;

const record = { zone: "zone", name: "a.example.", type: "A", ttlSeconds: 300, rrdatas: ["192.0.2.1"] };
const change = ({ dns }: Served) => dns.change({ zone: "zone", additions: [record], deletions: [record] });
const read = ({ dns }: Served) => dns.findZone("zone");
const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("answered"),
    (error: unknown) => error,
  );

const failures: [string, RequestListener][] = [
  ["hangs", () => undefined],
  [
    "drips",
    (_, response) => {
      response.writeHead(200, json).write("{");
      const drip = setInterval(() => response.write(" "), 50);
      response.on("close", () => clearInterval(drip));
    },
  ],
  [
    "hangs in mid-answer",
    (_, response) => void response.writeHead(200, { ...json, "content-length": "9" }).write("{"),
  ],
  ["resets the connection", (request) => request.socket.resetAndDestroy()],
  [
    "resets the connection once it has read the request",
    (request) => void request.resume().on("end", () => request.socket.resetAndDestroy()),
  ],
  ["closes the connection", (request) => request.socket.destroy()],
  ["answers with half", (_, response) => response.writeHead(200, json).end('{"id": "1", "sta')],
  [
    "breaks off in mid-answer",
    (request, response) => {
      response.writeHead(200, { ...json, "content-length": "99" }).write("{");
      setTimeout(() => request.socket.destroy(), 20);
    },
  ],
  ["answers 500", (_, response) => response.writeHead(500, json).end("{}")],
  ["answers 503 with a page", (_, response) => response.writeHead(503).end("<html>")],
  ["answers 429", (_, response) => response.writeHead(429, json).end("{}")],
  [
    "redirects",
    (request, response) => response.writeHead(307, { location: `${request.url ?? ""}?again` }).end(),
  ],
];

beforeAll(async () => {
  // Loads the library: what follows has little time.
  const served = await serve((_, response) => response.end());
  await failure(read(served));
  served.close();
});

describe.concurrent("a server of Cloud DNS that", () => {
  it.each(failures)("%s gets a Change once, and a question once", async (_, handle) => {
    const served = await serve(handle);
    const errors = await Promise.all([failure(change(served)), failure(read(served))]);
    for (const error of errors) expect(error).toBeInstanceOf(TransientError);
    await sleep(laterMs);
    expect(served.requests.toSorted()).toEqual([
      "GET /dns/v1/projects/p/managedZones/zone",
      "POST /dns/v1/projects/p/managedZones/zone/changes",
    ]);
    served.close();
  });
});

describe("a server of Cloud DNS that", () => {
  it("doesn't answer in time is left: its connection is closed", async () => {
    const served = await serve(() => undefined);
    closing.push(served.close);
    await failure(change(served));
    await expect.poll(() => served.sockets.size).toBe(0);
  });

  it("isn't there is an outage", async () => {
    const served = await serve(() => undefined);
    served.close();
    expect(await failure(read(served))).toMatchObject({
      dependency: "Cloud DNS",
      message: expect.stringContaining("ECONNREFUSED") as string,
    });
  });

  it("floods is cut off, and gets no memory for it", async () => {
    const chunk = Buffer.alloc(1024 * 1024, " ");
    const handle: RequestListener = (_, response) => {
      const flood = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.writeHead(200, json).on("drain", flood);
      flood();
    };
    const served = await serve(handle, 20_000);
    closing.push(served.close);
    const before = process.memoryUsage().arrayBuffers;
    const error = await failure(read(served));
    expect(error).toBeInstanceOf(TransientError);
    expect(String(error)).not.toContain("ETIMEDOUT");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    await expect.poll(() => served.sockets.size).toBe(0);
  });

  it("answers well is asked over one connection", async () => {
    const served = await serve((_, response) => response.writeHead(200, json).end('{"dnsName": "example."}'));
    closing.push(served.close);
    for (let n = 0; n < 5; n += 1) expect(await read(served)).toEqual({ dnsName: "example." });
    expect(served.requests).toHaveLength(5);
    expect(served.sockets.size).toBe(1);
  });
});
