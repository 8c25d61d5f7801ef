/** Google's login and Cloud DNS as nock plays them, and a folder with a key. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gcpMetadata } from "google-auth-library";
import nock from "nock";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { GoogleDnsOptions } from "../../../../src/adapters/google-dns/client.ts";
import { createGoogleDns } from "../../../../src/adapters/google-dns/index.ts";
import type { TransientError } from "../../../../src/errors.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

export const tokens = "https://oauth2.googleapis.com";
export const google = "https://dns.googleapis.com";
export const zonePath = "/dns/v1/projects/p/managedZones/zone";
export const zone = { dnsName: "example." };
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
export const key = {
  type: "service_account",
  client_email: "b@p.iam.example",
  private_key: privateKey,
  project_id: "x",
};

/** The folder of the test that runs, and the key file in it. */
export const place = { dir: "", keyFile: "" };

/** No network, no credentials of this machine; every answer that was prepared must be asked for. */
export function isolateLogin(): void {
  beforeEach(async () => {
    place.dir = await mkdtemp(path.join(tmpdir(), "powo-dns-"));
    place.keyFile = path.join(place.dir, "key.json");
    const proxies = ["HTTPS_PROXY", "HTTP_PROXY"];
    const places = ["GCE_METADATA_HOST", "GCE_METADATA_IP", "KUBERNETES_SERVICE_HOST"];
    for (const name of ["GOOGLE_APPLICATION_CREDENTIALS", ...proxies, ...places]) vi.stubEnv(name, "");
    vi.stubEnv("HOME", place.dir);
    vi.stubEnv("CLOUDSDK_CONFIG", place.dir);
    vi.stubEnv("METADATA_SERVER_DETECTION", "none");
    gcpMetadata.setGCPResidency(false);
    nock.disableNetConnect();
  });
  afterEach(async () => {
    expect(nock.pendingMocks()).toEqual([]);
    nock.cleanAll();
    nock.enableNetConnect();
    vi.unstubAllEnvs();
    await removeFolder(place.dir);
  });
}

export const writeKey = (content: unknown) =>
  writeFile(place.keyFile, typeof content === "string" ? content : JSON.stringify(content));
export const connect = (options: Partial<GoogleDnsOptions> = { keyFile: place.keyFile }) =>
  createGoogleDns({ project: "p", timeoutMs: 5_000, ...options });
export const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("answered"),
    (error: unknown) => error as TransientError,
  );
export const giveToken = (access_token: string) =>
  nock(tokens).post("/token").reply(200, { access_token, expires_in: 3600 });
/** Cloud DNS, which answers whoever shows this token. */
export const showZone = (token: string, status = 200) =>
  nock(google, { reqheaders: { authorization: `Bearer ${token}` } })
    .get(zonePath)
    .reply(status, status === 200 ? zone : {});
