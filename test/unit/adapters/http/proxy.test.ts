import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { proxyFor } from "../../../../src/adapters/http/proxy.ts";
import { send } from "../../../../src/adapters/http/send.ts";
import { ConfigError } from "../../../../src/errors.ts";

const proxies = { HTTP_PROXY: "http://proxy.example:3128", HTTPS_PROXY: "http://proxy.example:3128" };

describe("NO_PROXY", () => {
  const inside = "http://ingress.prod-abcde.svc.cluster.local/harvester";
  it.each([
    [inside, "", true],
    [inside, "cluster.local", false],
    [inside, ".cluster.local", false],
    [inside, "*.cluster.local", false],
    [inside, ".CLUSTER.local.", false],
    [inside, "elsewhere.example, .cluster.local", false],
    [inside, "elsewhere.example .svc.cluster.local", false],
    [inside, "luster.local", true],
    [inside, "ingress", true],
    [inside, "ingress.prod-abcde.svc.cluster.local", false],
    [inside, "*", false],
    ["http://cluster.local/", ".cluster.local", false],
    ["http://cluster.local./", "cluster.local", false],
    ["http://notcluster.local/", "cluster.local", true],
    ["https://kew.example/", "kew.example:443", false],
    ["https://kew.example/", "kew.example:8443", true],
    ["https://kew.example:8443/", "kew.example:8443", false],
    ["http://kew.example/", "kew.example:80", false],
    ["http://10.1.2.3/", "10.0.0.0/8", false],
    ["http://11.1.2.3/", "10.0.0.0/8", true],
    ["http://10.1.2.3/", "10.1.2.3", false],
    ["http://10.1.2.3:8080/", "10.1.2.3:8080", false],
    ["http://10.1.2.3:8080/", "10.1.2.3:9090", true],
    ["http://10.1.2.3/", "10.1.2.3/99", true],
    ["http://10.1.2.3/", "10.1.2.3/x", true],
    ["http://10.1.2.3/", "10.1.2.3/", true],
    ["http://10.1.2.3/", "10.1.2.3/1.5", true],
    ["http://10.1.2.3/", "0.0.0.0/0", false],
    ["http://ten.example/", "10.0.0.0/8", true],
    ["http://[fd00::1]/", "fd00::/8", false],
    ["http://[fd00::1]/", "[fd00::1]", false],
    ["http://[fd00::1]:8080/", "[fd00::1]:8080", false],
    ["http://[fd00::1]:8080/", "[fd00::1]:9090", true],
    ["http://[fe00::1]/", "fd00::/8", true],
    ["http://[::ffff:10.1.2.3]/", "10.0.0.0/8", false],
    ["http://localhost:8080/", "", false],
    ["http://127.0.0.1:8080/", "", false],
    ["http://127.9.9.9/", "", false],
    ["http://[::1]:8080/", "", false],
    ["http://169.254.169.254/", "", false],
    ["http://localhost.example/", "", true],
  ])("for %s is '%s': through the proxy %s", (url, NO_PROXY, through) => {
    expect(proxyFor(new URL(url), { ...proxies, NO_PROXY }) !== false).toBe(through);
    expect(proxyFor(new URL(url), { ...proxies, no_proxy: NO_PROXY }) !== false).toBe(through);
  });
});

describe("a proxy", () => {
  const [http, https] = [new URL("http://a.example/"), new URL("https://a.example/")];

  it("is for the scheme of the request, in upper or lower case", () => {
    const env = { HTTP_PROXY: "http://one.example:1", https_proxy: "https://two.example" };
    expect(proxyFor(http, env)).toEqual({ protocol: "http:", host: "one.example", port: 1 });
    expect(proxyFor(https, env)).toEqual({ protocol: "https:", host: "two.example", port: 443 });
    expect(proxyFor(http, { HTTP_PROXY: "", http_proxy: "one.example" })).toMatchObject({ port: 80 });
    expect(proxyFor(http, { HTTPS_PROXY: "http://one.example" })).toBe(false);
  });

  it("may have a login", () => {
    expect(proxyFor(http, { HTTP_PROXY: "http://us%40er:p%3Aw@one.example:1" })).toMatchObject({
      auth: { username: "us@er", password: "p:w" },
    });
  });

  it("that is no HTTP URL is a mistake, and is not quoted", () => {
    for (const HTTP_PROXY of ["socks5://canary:1", "http://", "http://canary canary"]) {
      let failure: unknown;
      try {
        proxyFor(http, { HTTP_PROXY });
      } catch (error) {
        failure = error;
      }
      expect(failure).toBeInstanceOf(ConfigError);
      expect((failure as ConfigError).problems[0]?.where).toBe("HTTP_PROXY");
      expect(JSON.stringify((failure as ConfigError).problems)).not.toContain("canary");
    }
  });
});

describe("a request", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("with a login takes the proxy, or never meets it where NO_PROXY says so", async () => {
    const seen: (string | undefined)[] = [];
    const proxy = createServer((request, response) => {
      seen.push(request.url);
      response.end("from the proxy");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("HTTP_PROXY", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    vi.stubEnv("NO_PROXY", "");
    vi.stubEnv("no_proxy", "");
    const request = {
      method: "GET",
      url: "http://ingress.prod-abcde.svc.cluster.invalid/data",
      auth: { username: "admin", password: "canary" },
      totalTimeoutMs: 5_000,
      maxBytes: 1_000,
    } as const;
    expect((await send(request)).body.toString()).toBe("from the proxy");
    expect(seen).toEqual([request.url]);
    vi.stubEnv("NO_PROXY", ".cluster.invalid");
    await expect(send(request)).rejects.toMatchObject({ code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
    expect(seen).toHaveLength(1);
    proxy.close();
    proxy.closeAllConnections();
  });
});
