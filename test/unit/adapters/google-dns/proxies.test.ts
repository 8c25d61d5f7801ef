/** Which way Google is asked where there is a proxy: requests that leave this process, and a proxy that says what it was asked. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { createGoogleDns } from "../../../../src/adapters/google-dns/index.ts";
import { ConfigError } from "../../../../src/errors.ts";
import { createProxies, portOf } from "../../../tools/proxies.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

let dir: string;
let asked: string[];

/** Whatever is asked of it: a zone, a token, a metadata server. */
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.writeHead(200, { "content-type": "application/json", "metadata-flavor": "Google" });
  const token = { access_token: "t", token_type: "Bearer", expires_in: 3600 };
  response.end(JSON.stringify({ ...token, dnsName: "example." }));
});
const { httpProxy } = createProxies(
  () => portOf(server),
  (line) => asked.push(line),
);

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "powo-dns-"));
  for (const one of [server, httpProxy])
    await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  for (const one of [server, httpProxy]) {
    one.close();
    one.closeAllConnections();
  }
  vi.unstubAllEnvs();
  await removeFolder(dir);
});
beforeEach(() => {
  asked = [];
  const proxy = `http://127.0.0.1:${portOf(httpProxy)}`;
  const nothing = {
    http_proxy: "",
    https_proxy: "",
    no_proxy: "",
    NO_PROXY: "",
    GOOGLE_APPLICATION_CREDENTIALS: "",
  };
  const settings = { ...nothing, HOME: dir, CLOUDSDK_CONFIG: dir, HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
});

const findZone = (options: { endpoint?: string; keyFile?: string }) =>
  createGoogleDns({ project: "p", timeoutMs: 5_000, ...options }).findZone("zone");
const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("answered"),
    (error: unknown) => error,
  );

/** A login that begins with a question at this address. */
async function writeLogin(url: string): Promise<string> {
  const keyFile = path.join(dir, "federation.json");
  const kind = { type: "external_account", subject_token_type: "urn:ietf:params:oauth:token-type:jwt" };
  const way = { audience: "//iam.googleapis.com/pools/x", token_url: "http://127.0.0.1:1" };
  await writeFile(keyFile, JSON.stringify({ ...kind, ...way, credential_source: { url } }));
  return keyFile;
}

it("Cloud DNS and the login are asked for through the proxy", async () => {
  expect(await findZone({ endpoint: "http://dns.google.example" })).toEqual({ dnsName: "example." });
  expect(asked).toEqual(["CONNECT dns.google.example:80", "GET /dns/v1/projects/p/managedZones/zone"]);
  await failure(findZone({ keyFile: await writeLogin("http://login.google.example/token") }));
  expect(asked.slice(2, 4)).toEqual(["CONNECT login.google.example:80", "GET /token"]);
});

it.each(["google.example", ".google.example", "*.google.example", "elsewhere, GOOGLE.example"])(
  "the proxy is not asked for what is below a name of NO_PROXY: %s",
  async (names) => {
    vi.stubEnv("NO_PROXY", names);
    await failure(findZone({ endpoint: "http://dns.google.example" }));
    await failure(findZone({ keyFile: await writeLogin("http://login.google.example/token") }));
    expect(asked).toEqual([]);
  },
);

it("HTTP_PROXY is not asked for https", async () => {
  vi.stubEnv("HTTPS_PROXY", "");
  await failure(
    findZone({
      endpoint: "https://dns.google.example",
      keyFile: await writeLogin("https://login.google.example/token"),
    }),
  );
  expect(asked).toEqual([]);
});

it("the metadata server is never asked through a proxy", async () => {
  vi.stubEnv("METADATA_SERVER_DETECTION", "ping-only");
  vi.stubEnv("GCE_METADATA_HOST", `127.0.0.1:${portOf(server)}`);
  await failure(findZone({}));
  const proxied = asked.filter((line) => line.startsWith("CONNECT"));
  expect(proxied).toEqual(["CONNECT dns.googleapis.com:443"]);
  expect(asked.join()).toContain("GET /computeMetadata/v1/instance/service-accounts/default/token");
});

it("a proxy that is no URL is a mistake, and is named", async () => {
  vi.stubEnv("HTTP_PROXY", "socks5://proxy.example");
  for (const options of [
    { endpoint: "http://dns.google.example" },
    { keyFile: await writeLogin("http://login.google.example/") },
  ]) {
    const error = await failure(findZone(options));
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems[0]?.where).toBe("HTTP_PROXY");
  }
});
