import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import nock from "nock";
import { describe, expect, it, vi } from "vitest";
import {
  connect,
  failure,
  giveToken,
  isolateLogin,
  key,
  place,
  showZone,
  writeKey,
  zone,
} from "./login-bench.ts";

isolateLogin();

describe("credentials of other kinds", () => {
  const subject = { access_token: "federated", token_type: "Bearer", expires_in: 3600 };
  const user = { type: "authorized_user", client_id: "c", client_secret: "s", refresh_token: "r" };
  const impersonated = {
    type: "impersonated_service_account",
    service_account_impersonation_url:
      "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/b@p.iam.example:generateAccessToken",
    source_credentials: user,
  };
  const kinds: [string, () => object, () => void][] = [
    ["authorized_user", () => user, () => giveToken("federated")],
    [
      "external_account",
      () => ({
        type: "external_account",
        audience: "//iam.googleapis.com/pools/x",
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: "https://sts.googleapis.com/v1/token",
        credential_source: { file: path.join(place.dir, "subject") },
      }),
      () => nock("https://sts.googleapis.com").post("/v1/token").reply(200, subject),
    ],
    [
      "impersonated_service_account",
      () => impersonated,
      () => {
        giveToken("of the user");
        nock("https://iamcredentials.googleapis.com")
          .post(/:generateAccessToken$/)
          .reply(200, {
            accessToken: "federated",
            expireTime: new Date(Date.now() + 3_600_000).toISOString(),
          });
      },
    ],
  ];
  it.each(kinds)("get their token: %s", async (_, content, serveTokens) => {
    await writeFile(path.join(place.dir, "subject"), "subject");
    await writeKey(content());
    serveTokens();
    showZone("federated");
    expect(await connect().findZone("zone")).toEqual(zone);
  });

  it("are looked for by the library: the metadata server, which is away at first and then late", async () => {
    vi.stubEnv("METADATA_SERVER_DETECTION", "ping-only");
    vi.stubEnv("GCE_METADATA_HOST", "metadata.test");
    const dns = connect({});
    for (const code of ["ECONNREFUSED", "ETIMEDOUT"]) {
      nock("http://metadata.test")
        .get(/instance$/)
        .replyWithError(Object.assign(new Error(), { code }));
      expect(await failure(dns.findZone("zone"))).toMatchObject({
        message: "Google gives no token (no metadata server answers)",
        status: undefined,
      });
    }
    const headers = { "metadata-flavor": "Google" };
    nock("http://metadata.test")
      .get(/instance$/)
      .reply(200, "{}", headers);
    nock("http://metadata.test")
      .get(/service-accounts\/default\/token/)
      .reply(200, { access_token: "of the pod", expires_in: 3600 }, headers);
    showZone("of the pod");
    expect(await dns.findZone("zone")).toEqual(zone);
  });

  it("that are nowhere are an outage in a pod: its node's metadata server may be late", async () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    const error = await failure(connect({}).findZone("zone"));
    expect(error).toMatchObject({ dependency: "Cloud DNS", status: undefined });
    expect(error.hint).toContain("metadata server");
    await writeKey({ ...key, private_key: "-----BEGIN PRIVATE KEY-----\n" });
    expect(await failure(connect().findZone("zone"))).toMatchObject({ status: 401 });
  });

  it("that are nowhere are a mistake elsewhere", async () => {
    const error = await failure(connect({}).findZone("zone"));
    expect(error).toMatchObject({
      message: "Google gives no token (no usable credentials)",
      status: 401,
    });
    expect(error.hint).toContain("metadata server");
  });
});

it("logs in with the very library that Google's client for Cloud DNS brings", () => {
  const require = createRequire(import.meta.url);
  const common = createRequire(require.resolve("@google-cloud/dns")).resolve("@google-cloud/common");
  expect(createRequire(common).resolve("google-auth-library")).toBe(require.resolve("google-auth-library"));
});
