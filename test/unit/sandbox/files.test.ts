import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFiles, type FileServer } from "../../sandbox/files.ts";

let files: FileServer;
beforeEach(async () => {
  files = await startFiles();
});
afterEach(() => files.close());

describe("the file server", () => {
  it("serves bytes, texts and values, and 404 for the rest", async () => {
    expect(await (await fetch(files.serve("data.json", { a: 1 }))).json()).toEqual({ a: 1 });
    expect(await (await fetch(files.serve("text", "é"))).text()).toBe("é");
    const bytes = Uint8Array.from([0, 255, 1]);
    expect(new Uint8Array(await (await fetch(files.serve("b", bytes))).arrayBuffer())).toEqual(bytes);
    files.remove("b");
    expect((await fetch(files.urlOf("b"))).status).toBe(404);
    expect(files.requests.map(({ status }) => status)).toEqual([200, 200, 200, 404]);
  });

  it("redirects once, or for ever", async () => {
    files.serve("data.json", "[]");
    expect(await (await fetch(files.redirect("old.json", "data.json"))).text()).toBe("[]");
    await expect(fetch(files.loop("round"))).rejects.toThrow();
  });

  it("sends an endless body without saying its length, until the reader goes away", async () => {
    const response = await fetch(files.stream("endless"));
    expect(response.headers.get("content-length")).toBeNull();
    const reader = response.body?.getReader();
    for (let read = 0; read < 1_000_000;) read += ((await reader?.read())?.value as Uint8Array).length;
    await reader?.cancel();
    const short = await (await fetch(files.stream("short", 200_000))).text();
    expect(short).toHaveLength(200_000);
  });

  it("can be slow", async () => {
    const slow = fetch(files.serve("slow", "x".repeat(4_000), { chunkMs: 20 })).then((answer) =>
      answer.text(),
    );
    expect(await Promise.race([slow, delay(10, "waiting")])).toBe("waiting");
    expect(await slow).toHaveLength(4_000);
  });

  it("shows faults", async () => {
    files.faults.add(({ path }) => path === "/data.json", { kind: "status", status: 503 }, 1);
    const url = files.serve("data.json", "[]");
    expect((await fetch(url)).status).toBe(503);
    expect((await fetch(url)).status).toBe(200);
  });
});
