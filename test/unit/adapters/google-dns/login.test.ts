import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import nock from "nock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGoogleDns, type GoogleDnsOptions } from "../../../../src/adapters/google-dns/index.ts";
import { ConfigError } from "../../../../src/errors.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

const nowhere = "http://127.0.0.1:9/";

describe("the login to Cloud DNS", () => {
  let dir: string;
  beforeEach(async () => void (dir = await mkdtemp(path.join(tmpdir(), "powo-dns-"))));
  afterEach(async () => {
    nock.cleanAll();
    nock.restore();
    nock.activate();
    await removeFolder(dir);
  });

  const find = (options: Partial<GoogleDnsOptions>) =>
    createGoogleDns({ project: "p", metadataUrl: nowhere, timeoutMs: 2_000, ...options }).findZone("zone");
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const writeKey = async (content: unknown) => {
    const file = path.join(dir, "key.json");
    await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  };
  const key = {
    type: "service_account",
    client_email: "b@p.iam.example",
    private_key: privateKey,
    project_id: "x",
  };

  it("is missed at once where there is neither key nor metadata server", async () => {
    const started = performance.now();
    const failure = await find({}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as ConfigError).problems[0]?.where).toBe("GOOGLE_APPLICATION_CREDENTIALS");
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it.each([
    ["not JSON", "canary"],
    ["no key", { canary: true }],
    ["a key without a key", { ...key, private_key: "canary" }],
  ])("needs a key file that isn't %s, and doesn't show it", async (_, content) => {
    const failure = await find({ keyFile: await writeKey(content) }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(JSON.stringify((failure as ConfigError).problems)).not.toContain("canary");
  });

  it("needs a key file that can be read", async () => {
    await expect(find({ keyFile: "/nowhere/key.json" })).rejects.toBeInstanceOf(ConfigError);
  });

  it("gets a token for the key, and uses it in the project of the setting", async () => {
    nock("https://oauth2.googleapis.com")
      .post("/token")
      .reply(200, { access_token: "token-1", expires_in: 3600 });
    nock("https://www.googleapis.com")
      .post("/oauth2/v4/token")
      .reply(200, { access_token: "token-1", expires_in: 3600 });
    nock("https://dns.googleapis.com", { reqheaders: { authorization: "Bearer token-1" } })
      .get("/dns/v1/projects/p/managedZones/zone")
      .reply(200, { dnsName: "example." });
    expect(await find({ keyFile: await writeKey(key) })).toEqual({ dnsName: "example." });
  });

  it("that Google refuses is permanent, one that it can't judge an outage", async () => {
    const keyFile = await writeKey(key);
    const token = (status: number) => {
      for (const [host, at] of [
        ["https://oauth2.googleapis.com", "/token"],
        ["https://www.googleapis.com", "/oauth2/v4/token"],
      ] as const) {
        nock(host).persist().post(at).reply(status, { error: "invalid_grant", error_description: "canary" });
      }
    };
    token(400);
    const refused = await find({ keyFile }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "DNS_LOGIN" });
    expect(String(refused)).not.toContain("canary");
    nock.cleanAll();
    token(503);
    await expect(find({ keyFile })).rejects.toMatchObject({ code: "OUTAGE", dependency: "Cloud DNS" });
  });

  it("comes from the metadata server where there is one", async () => {
    const server = createServer((_, response) => response.setHeader("metadata-flavor", "Other").end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const metadataUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(find({ metadataUrl })).rejects.toBeInstanceOf(ConfigError);
    server.close();
  });
});
