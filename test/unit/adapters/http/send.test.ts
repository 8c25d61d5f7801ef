import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import nock from "nock";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { retryAfterMs } from "../../../../src/adapters/http/retry-after.ts";
import { ask, readJson, send, tooLarge, unexpected } from "../../../../src/adapters/http/send.ts";
import { fillPlaceholders } from "../../../../src/adapters/http/url.ts";

const limits = { method: "GET", totalTimeoutMs: 5_000, maxBytes: 1_000 } as const;
let server: Server | undefined;

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  nock.cleanAll();
  nock.restore();
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

describe("a request", () => {
  it("whose answer drips for ever ends at its total limit, however lively it is", async () => {
    const url = await serve((_, response) => {
      const drip = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(drip));
    });
    const failure = send({ ...limits, url, idleTimeoutMs: 2_000, totalTimeoutMs: 300 });
    await expect(failure).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });

  it("whose answer falls silent ends at its idle limit", async () => {
    const url = await serve((_, response) => void response.write("x"));
    const failure = send({ ...limits, url, idleTimeoutMs: 200, totalTimeoutMs: 60_000 });
    await expect(failure).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });

  it("tells an answer that is too large from one that breaks off", async () => {
    const large = await serve((_, response) => void response.end("x".repeat(1_001)));
    await expect(send({ ...limits, url: large })).rejects.toMatchObject({ code: tooLarge });
    server?.close();
    const broken = await serve((request, response) => {
      response.writeHead(200, { "content-length": "900" }).write("x");
      setImmediate(() => request.socket.destroy());
    });
    await expect(send({ ...limits, url: broken })).rejects.toMatchObject({ code: "ERR_BROKEN_OFF" });
  });

  it("throws the reason of the signal that stopped it", async () => {
    const url = await serve(() => undefined);
    const stop = new AbortController();
    const sending = send({ ...limits, url, signal: stop.signal });
    setTimeout(() => stop.abort(new Error("stop now")), 50);
    await expect(sending).rejects.toThrow("stop now");
  });

  it("shows its login to the server and to nobody else", async () => {
    let seen: string | undefined;
    const url = await serve((request, response) => {
      seen = request.headers.authorization;
      response.destroy();
    });
    const withLogin = url.replace("//", "//us%40er:canary%3Aw@");
    const failure = await ask("the harvester", { ...limits, url: `${withLogin}/a?b=canary` }).catch(
      (error: unknown) => error,
    );
    expect(Buffer.from(seen?.slice(6) ?? "", "base64").toString()).toBe("us@er:canary:w");
    expect(failure).toMatchObject({ code: "OUTAGE", status: undefined });
    const shown = JSON.stringify(failure, Object.getOwnPropertyNames(failure));
    expect(shown).toContain("GET /a on 127.0.0.1");
    expect(shown).not.toContain("canary");
  });
});

describe("an answer", () => {
  it.each([200, 204, 302, 304, 401, 404, 429, 500, 503])(
    "of %d is an answer, and followed nowhere",
    async (status) => {
      if (!nock.isActive()) nock.activate();
      nock("http://harvester.example").get("/data").reply(status, "", { location: "/elsewhere" });
      const answer = await send({ ...limits, url: "http://harvester.example/data" });
      expect(answer).toMatchObject({ status, asked: "GET /data on harvester.example" });
    },
  );

  const answer = (status: number, body: string, headers = {}) => ({
    asked: "GET /data on host",
    status,
    headers,
    body: Buffer.from(body, "latin1"),
  });

  it("that is not expected becomes an outage with the status, the pause that it asked for, and the hint", () => {
    const failure = unexpected("the site", answer(503, "", { "retry-after": "0" }), { hint: "look" });
    expect(failure).toMatchObject({ dependency: "the site", status: 503, retryAfterMs: 0, hint: "look" });
    expect(failure.message).toBe("the site answered 503 (GET /data on host)");
  });

  it("is read as JSON whatever charset it claims", () => {
    const headers = { "content-type": "application/json;charset=ISO-8859-1" };
    const schema = z.object({ title: z.string() });
    expect(readJson("x", answer(200, '{"title": "Flora de Per\xfa"}', headers), schema).title).toMatch(
      /^Flora de Per/,
    );
    const page = () => readJson("x", answer(200, "<html>"), schema);
    expect(page).toThrow("x answered 200 with an unreadable body (GET /data on host)");
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  it.each([
    ["7", 7_000],
    ["0", 0],
    ["Sun, 22 Nov 2026 12:00:30 GMT", 30_000],
    ["Sun, 22 Nov 2026 11:00:00 GMT", -3_600_000],
    ["999999999", 999_999_999_000],
    ["soon", undefined],
    [undefined, undefined],
  ])("%s is %s ms", (header, ms) => expect(retryAfterMs(header, now)).toBe(ms));
});

describe("the address of a release", () => {
  it("is filled in, as far as it is known", () => {
    const values = { service: "ingress", namespace: "prod-aaaaa" };
    const filled = fillPlaceholders("http://{service}.{namespace}.svc/{other}", values);
    expect(filled).toBe("http://ingress.prod-aaaaa.svc/{other}");
  });
});
