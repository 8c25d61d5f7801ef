import { setTimeout as sleep } from "node:timers/promises";
import nock from "nock";
import { beforeEach, describe, expect, it } from "vitest";
import { TransientError } from "../../../../src/errors.ts";
import {
  connect,
  failure,
  giveToken,
  google,
  isolateLogin,
  key,
  place,
  showZone,
  tokens,
  writeKey,
  zone,
  zonePath,
} from "./login-bench.ts";

isolateLogin();

describe("the token for Cloud DNS", () => {
  beforeEach(() => writeKey(key));

  it("is used in the project of the setting, and kept", async () => {
    const dns = connect();
    giveToken("one");
    for (let n = 0; n < 3; n += 1) {
      showZone("one");
      expect(await dns.findZone("zone")).toEqual(zone);
    }
  });

  it("is sent to another Cloud DNS over TLS as well", async () => {
    giveToken("one");
    nock("https://dns.test", { reqheaders: { authorization: "Bearer one" } })
      .get(zonePath)
      .reply(200, zone);
    expect(await connect({ keyFile: place.keyFile, endpoint: "https://dns.test" }).findZone("zone")).toEqual(
      zone,
    );
  });

  it("that was revoked is replaced by the next call", async () => {
    const dns = connect();
    giveToken("revoked");
    showZone("revoked", 401);
    expect(await failure(dns.findZone("zone"))).toMatchObject({ status: 401 });
    giveToken("new");
    showZone("new");
    expect(await dns.findZone("zone")).toEqual(zone);
  });

  it.each([400, 401, 403, 404])("is refused with %i as a login is, and asked for again", async (status) => {
    const dns = connect();
    nock(tokens).post("/token").reply(status, { error: "invalid_grant", error_description: "canary" });
    const error = await failure(dns.findZone("zone"));
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ status: 401, message: `Google gives no token (answered ${status})` });
    expect(error.hint).toContain("GOOGLE_APPLICATION_CREDENTIALS");
    expect(error.cause).toBeUndefined();
    giveToken("one");
    showZone("one");
    expect(await dns.findZone("zone")).toEqual(zone);
  });

  it("that can't be had right now is an outage, and no refusal", async () => {
    const dns = connect();
    // The library asks again by itself, some times.
    for (const status of [429, 503]) {
      nock(tokens).persist().post("/token").reply(status, { error: "canary" });
      const error = await failure(dns.findZone("zone"));
      expect(error).toMatchObject({ dependency: "Cloud DNS", status: undefined });
      expect(String(error)).not.toContain("canary");
      nock.cleanAll();
    }
    nock(tokens)
      .persist()
      .post("/token")
      .replyWithError(Object.assign(new Error("canary"), { code: "ENOTFOUND" }));
    expect((await failure(dns.findZone("zone"))).message).toContain("ENOTFOUND");
    nock.cleanAll();
    // Cloud DNS knows no such token, and that would look like a refusal.
    nock(google).persist().get(zonePath).reply(401);
    for (const page of ["<html>log in</html>", "", "{}"]) {
      nock(tokens).post("/token").reply(200, page, { "content-type": "text/html" });
      expect(await failure(dns.findZone("zone"))).toMatchObject({
        dependency: "Cloud DNS",
        status: undefined,
      });
    }
    nock.cleanAll();
    giveToken("one");
    showZone("one");
    expect(await dns.findZone("zone")).toEqual(zone);
  });

  it("that comes too late is not waited for: a Change that was given up is never sent", async () => {
    const dns = connect({ keyFile: place.keyFile, timeoutMs: 500 });
    nock(tokens).post("/token").delay(1_000).reply(200, { access_token: "late", expires_in: 3600 });
    const record = { zone: "zone", name: "a.example.", type: "A", ttlSeconds: 300, rrdatas: ["192.0.2.1"] };
    const sent = nock(google).post(`${zonePath}/changes`).reply(200, { id: "1", status: "done" });
    const error = await failure(dns.change({ zone: "zone", additions: [record], deletions: [] }));
    expect(error).toMatchObject({ dependency: "Cloud DNS", status: undefined });
    expect(error.message).toContain("ETIMEDOUT");
    await sleep(1_500);
    expect(sent.isDone()).toBe(false);
    nock.cleanAll();
    giveToken("one");
    showZone("one");
    expect(await dns.findZone("zone")).toEqual(zone);
  });

  it("can't be signed for with a key that is none: a mistake, and the key isn't shown", async () => {
    await writeKey({
      ...key,
      private_key: "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
    });
    const error = await failure(connect().findZone("zone"));
    expect(error).toMatchObject({ status: 401 });
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain("canary");
  });
});
