import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchData, type DataSourceOptions } from "../../../../src/adapters/data/index.ts";
import { ConfigError } from "../../../../src/errors.ts";
import { startFiles, type FileServer } from "../../../sandbox/files.ts";

describe("the data URL", () => {
  const signal = new AbortController().signal;
  let files: FileServer;
  beforeAll(async () => void (files = await startFiles()));
  afterAll(() => files.close());

  const fetchFrom = (url: string, more: Partial<DataSourceOptions> = {}) =>
    fetchData({ url, ...more }, signal);
  const problemOf = async (url: string, more = {}): Promise<string | undefined> => {
    const failure = await fetchFrom(url, more).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    const [problem] = (failure as ConfigError).problems;
    expect(problem?.where).toBe("DATA_CONFIG_PATH");
    return problem?.what;
  };
  const withLogin = (url: string) => url.replace("http://", "http://user:canary@");

  it("may redirect five times, not six", async () => {
    files.serve("hop-0", "{}");
    for (let hop = 1; hop <= 6; hop += 1) files.redirect(`hop-${hop}`, `hop-${hop - 1}`);
    expect((await fetchFrom(files.urlOf("hop-5"))).bytes).toEqual(Buffer.from("{}"));
    expect(await problemOf(files.urlOf("hop-6"))).toContain("more than 5 times");
  });

  it("that goes round in circles is a mistake", async () => {
    expect(await problemOf(files.loop("loop"))).toContain("redirects");
  });

  it.each(["file:///etc/passwd", "ftp://host/a", "gopher://host", "/etc/passwd", ""])(
    "is http or https, not '%s'",
    async (url) => expect(await problemOf(url)).toBeTypeOf("string"),
  );

  it.each([
    ["UTF-8", "/größe.json", "/gr%c3%b6%c3%9fe.json"],
    ["percent-encoded UTF-8", "/gr%C3%B6%C3%9Fe.json", "/gr%c3%b6%c3%9fe.json"],
    ["Latin-1", Buffer.from("/gr\xf6\xdfe.json", "latin1"), "/gr%f6%dfe.json"],
    ["a space", "/a b.json", "/a%20b.json"],
    ["a path beside it", "größe.json?of=ü", "/data/gr%c3%b6%c3%9fe.json?of=%c3%bc"],
    ["a path above it", "../größe.json", "/gr%c3%b6%c3%9fe.json"],
    ["a query alone", "?of=2", "/data/start?of=2"],
    ["a host without a scheme", "//HOST/größe.json", "/gr%c3%b6%c3%9fe.json"],
    ["a host in capitals and a fragment", "HTTP://HOST/größe.json#ü", "/gr%c3%b6%c3%9fe.json"],
  ])("may redirect to %s", async (_, location, asked) => {
    const paths: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      paths.push(url.toLowerCase());
      if (paths.length > 1) return void response.end("{}");
      const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const bytes = Buffer.isBuffer(location) ? location : Buffer.from(location.replace("HOST", host));
      // On the socket itself: Node's own answers hold no such header.
      response.socket?.write("HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: ");
      response.socket?.write(bytes);
      response.socket?.end("\r\n\r\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data/start`;
    expect((await fetchFrom(url)).bytes).toEqual(Buffer.from("{}"));
    expect(paths).toEqual(["/data/start", asked]);
    server.close();
  });

  it("may not redirect to a file", async () => {
    const server = createServer((_, response) =>
      response.writeHead(302, { location: "file:///etc/passwd" }).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await problemOf(url)).toContain("file:");
    server.close();
  });

  it("uses the login in it, and shows it nowhere", async () => {
    const url = withLogin(files.serve("private", "{}"));
    await fetchFrom(url);
    const header = files.requests.at(-1)?.authorization ?? "";
    expect(Buffer.from(header.slice(6), "base64").toString()).toBe("user:canary");
    const missing = await fetchFrom(withLogin(files.urlOf("missing"))).catch((error: unknown) => error);
    expect(missing).toMatchObject({ code: "OUTAGE", status: 404 });
    expect(JSON.stringify(missing, Object.getOwnPropertyNames(missing))).not.toContain("canary");
    files.faults.add(() => true, { kind: "reset" }, 1);
    await expect(fetchFrom(url)).rejects.toSatisfy((error: Error) => !error.message.includes("canary"));
  });

  it("keeps the login from other hosts, and takes it along on its own", async () => {
    const other = await startFiles();
    const url = files.redirect("away", other.serve("there", "{}"));
    await fetchFrom(withLogin(url));
    expect(other.requests.at(-1)?.authorization).toBeUndefined();
    files.serve("home", "{}");
    const back = other.redirect("back", files.urlOf("home"));
    await fetchFrom(withLogin(files.redirect("round-trip", back)));
    expect(other.requests.at(-1)?.authorization).toBeUndefined();
    expect(files.requests.at(-1)?.authorization).toMatch(/^Basic /);
    await other.close();
  });

  it.each([
    [401, "check the login in the URL"],
    [403, "check the login in the URL"],
    [404, "check the URL"],
    [410, "check the URL"],
  ])("that answers %d is not judged, but said with what to check", async (status, hint) => {
    files.serve("refused", "{}");
    files.faults.add(() => true, { kind: "status", status }, 1);
    await expect(fetchFrom(files.urlOf("refused"))).rejects.toMatchObject({
      ...{ code: "OUTAGE", setting: "DATA_CONFIG_PATH", status, hint },
    });
  });

  it("that never ends is given up at its limit", async () => {
    expect(await problemOf(files.stream("endless"), { maxBytes: 1024 * 1024 })).toContain("more than 1 MiB");
  });

  it("may be slow as long as it goes on", async () => {
    const url = files.serve("slow", "x".repeat(10 * 1024), { chunkMs: 60 });
    expect((await fetchFrom(url, { idleTimeoutMs: 400 })).bytes).toHaveLength(10 * 1024);
  });

  it("that drips for ever is an outage", async () => {
    const url = files.serve("drips", "x".repeat(100 * 1024), { chunkMs: 20 });
    const outage = { code: "OUTAGE", message: expect.stringContaining("ETIMEDOUT") };
    await expect(fetchFrom(url, { idleTimeoutMs: 2_000, totalTimeoutMs: 200 })).rejects.toMatchObject(outage);
  });

  it("whose host isn't there is an outage", async () => {
    await expect(fetchFrom("http://nowhere.invalid/data.json")).rejects.toMatchObject({ code: "OUTAGE" });
    await expect(fetchFrom("http://127.0.0.1:9/data.json")).rejects.toMatchObject({ code: "OUTAGE" });
  });

  it("stops being asked when the run is stopped", async () => {
    files.serve("hangs", "{}");
    files.faults.add(({ path }) => path === "/hangs", { kind: "hang" }, 1);
    const abort = new AbortController();
    const fetching = fetchData({ url: files.urlOf("hangs") }, abort.signal);
    setTimeout(() => abort.abort(new Error("stop now")), 50);
    await expect(fetching).rejects.toThrow("stop now");
  });
});
