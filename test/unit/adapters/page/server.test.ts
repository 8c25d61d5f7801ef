import { createServer, request as ask } from "node:http";
import net from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { openServer, type ServerOptions } from "../../../../src/adapters/page/server.ts";
import type { Server } from "../../../../src/pipeline/world.ts";

const open: Server[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const warned: unknown[] = [];
const log = { warn: (fields: object) => void warned.push(fields) } as unknown as ServerOptions["log"];

async function serve(more: Partial<ServerOptions> = {}) {
  let made = 0;
  const pages = {
    "/": async () => ({ type: "text/html; charset=utf-8", text: `<p>${(made += 1)}: é</p>` }),
    "/broken": async () => Promise.reject(new Error("not for everybody")),
  };
  const server = await openServer({ isPublic: false, port: 0, log, pages, ...more });
  open.push(server);
  return { server, port: Number(new URL(server.url).port), made: () => made };
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** fetch lets nobody choose the Host header. */
function get(port: number, path = "/", more: { method?: string; host?: string; to?: string } = {}) {
  const { method = "GET", host = `localhost:${port}`, to = "127.0.0.1" } = more;
  return new Promise<Answer>((resolve, reject) => {
    ask({ host: to, port, path, method, headers: { host }, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    })
      .on("error", reject)
      .end();
  });
}

describe("the server", () => {
  it("shows a page, and says that it lives", async () => {
    const { port } = await serve();
    expect(await get(port)).toMatchObject({ status: 200, body: "<p>1: é</p>" });
    expect(await get(port, "/?again")).toMatchObject({ status: 200 });
    expect(await get(port, "/healthz")).toMatchObject({ status: 200, body: "ok\n" });
  });

  it("answers HEAD as GET, without the page", async () => {
    const { port } = await serve();
    const { headers, body, status } = await get(port, "/", { method: "HEAD" });
    expect({ status, body, length: headers["content-length"] }).toEqual({
      status: 200,
      body: "",
      length: "12",
    });
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])(
    "refuses %s, whatever it is about",
    async (method) => {
      const { port } = await serve();
      for (const path of ["/", "/metrics", "/nowhere"]) {
        const { status, headers, body } = await get(port, path, { method });
        expect({ status, allow: headers["allow"], body }).toEqual({
          ...{
            status: 405,
            allow: "GET, HEAD",
            body: expect.stringContaining("nothing can be changed here") as string,
          },
        });
      }
    },
  );

  it.each(["/nowhere", "//", "/..", "/healthz/", "/__proto__", "/constructor", "*"])(
    "has nothing at %s, and says what there is",
    async (path) => {
      const { port } = await serve();
      expect(await get(port, path)).toMatchObject({
        status: 404,
        body: expect.stringContaining("/healthz") as string,
      });
    },
  );

  it("lets no answer be kept, framed, guessed at or load anything", async () => {
    const { port } = await serve();
    for (const path of ["/", "/healthz", "/nowhere", "/broken"]) {
      const { headers } = await get(port, path);
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      });
      expect(headers["content-security-policy"]).toMatch(
        /^default-src 'none';.*form-action 'none'; frame-ancestors 'none'$/,
      );
      expect(headers["content-security-policy"]).not.toContain("script");
      expect(headers["content-type"]).toContain("charset=utf-8");
    }
  });

  it.each(["localhost", "localhost:8484", "LOCALHOST:1", "127.0.0.1:8484", "[::1]:8484"])(
    "is for %s on the loopback",
    async (host) => {
      expect(await get((await serve()).port, "/", { host })).toMatchObject({ status: 200 });
    },
  );

  it.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example:8484",
    "evil.example:127",
    "localhost:80@evil.example",
    "10.0.0.7:8484",
  ])("is not for %j on the loopback: a web page elsewhere may have had that name lead here", async (host) => {
    const { port, made } = await serve();
    for (const path of ["/", "/healthz", "/nowhere"])
      expect(await get(port, path, { host })).toMatchObject({
        status: 403,
        body: expect.stringContaining("localhost") as string,
      });
    expect(made()).toBe(0);
  });

  it("is for any name on all addresses", async () => {
    const { port } = await serve({ isPublic: true });
    expect(await get(port, "/", { host: "10.0.0.7:9090" })).toMatchObject({ status: 200 });
  });

  it("is on the loopback alone unless it is for everybody", async () => {
    const others = Object.values(networkInterfaces()).flatMap((all = []) =>
      all.filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address),
    );
    const to = others[0] ?? "127.0.0.2";
    await expect(get((await serve()).port, "/", { to })).rejects.toThrow(/ECONNREFUSED/);
    expect(await get((await serve({ isPublic: true })).port, "/", { to })).toMatchObject({ status: 200 });
  });

  it.skipIf(!Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1")))(
    "is on IPv6, too, where it is for everybody",
    async () => {
      const { port } = await serve({ isPublic: true });
      expect(await get(port, "/", { to: "::1" })).toMatchObject({ status: 200 });
    },
  );

  it("makes a page once for all who look at the same time", async () => {
    const { port, made } = await serve();
    await Promise.all(Array.from({ length: 20 }, () => get(port)));
    expect(made()).toBe(1);
  });

  it("says in words that a page can't be made, and in the log why", async () => {
    const { port } = await serve();
    warned.length = 0;
    const { status, body } = await get(port, "/broken");
    expect({ status, body }).toEqual({
      status: 500,
      body: "this can't be shown just now; the run goes on\n",
    });
    expect(warned).toEqual([{ error: new Error("not for everybody") }]);
  });

  it("throws where the port is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", () => resolve()));
    await expect(serve({ port: (taken.address() as net.AddressInfo).port })).rejects.toThrow(/EADDRINUSE/);
    taken.close();
  });

  it("is gone once closed, also for whoever is slow: a half question, an answer that nobody reads", async () => {
    const text = "x".repeat(20_000_000);
    const { server, port } = await serve({ pages: { "/": async () => ({ type: "text/html", text }) } });
    const questions = ["GET / HTTP/1.1\r\nHost: local", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", ""];
    const sockets = questions.map((question) => {
      const socket = net.connect(port, "127.0.0.1", () => void socket.pause().write(question));
      return socket.on("error", () => undefined);
    });
    await get(port, "/healthz");
    await server.close();
    for (const socket of sockets) socket.destroy();
    await expect(get(port)).rejects.toThrow(/ECONNREFUSED/);
  });

  it("gives up on whoever takes longer than ten seconds", async () => {
    const { port } = await serve();
    const socket = net.connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\n");
    const drip = setInterval(() => socket.write("x: y\r\n"), 500);
    await new Promise((resolve) => socket.on("error", () => undefined).on("close", resolve));
    clearInterval(drip);
    expect(await get(port)).toMatchObject({ status: 200 });
  }, 30_000);

  it("takes no more than so many at a time", async () => {
    const { port } = await serve();
    const sockets = Array.from({ length: 80 }, () =>
      net.connect(port, "127.0.0.1").on("error", () => undefined),
    );
    let closed = 0;
    for (const socket of sockets) socket.on("close", () => (closed += 1));
    await expect.poll(() => closed, { timeout: 9_000 }).toBeGreaterThanOrEqual(80 - 32);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await get(port).catch(() => undefined))?.status).toBe(200);
  });
});
