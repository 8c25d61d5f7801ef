import { rm } from "node:fs/promises";
import nock from "nock";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../../src/errors.ts";
import {
  connect,
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

/** The account that the assertion in a token's request is signed for. */
const issuer = (body: unknown) => {
  const [, claims = ""] = (body as { assertion: string }).assertion.split(".");
  return (JSON.parse(Buffer.from(claims, "base64url").toString()) as { iss: string }).iss;
};

describe("the key file of Cloud DNS", () => {
  it.each([
    ["not JSON", "canary"],
    ["no key", { canary: true }],
    ["a key without a key", { ...key, private_key: "canary" }],
    ["a key of an unknown type", { ...key, type: "canary" }],
  ])("must not be %s, and isn't shown", async (_, content) => {
    await writeKey(content);
    const error = await connect()
      .findZone("zone")
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    const { problems } = error as ConfigError;
    expect(problems.map(({ where }) => where)).toEqual(["GOOGLE_APPLICATION_CREDENTIALS"]);
    expect(JSON.stringify(problems)).not.toContain("canary");
  });

  it("must be there", async () => {
    await expect(connect().findZone("zone")).rejects.toBeInstanceOf(ConfigError);
  });

  it("is not read for an emulator", async () => {
    nock("http://dns.test", { badheaders: ["authorization"] })
      .get(zonePath)
      .reply(200, zone);
    expect(await connect({ keyFile: place.keyFile, endpoint: "http://dns.test" }).findZone("zone")).toEqual(
      zone,
    );
  });

  it("that was replaced is read again; one that is half written is not believed", async () => {
    const dns = connect();
    const asked: string[] = [];
    const tokenFor = (token: string) =>
      nock(tokens)
        .post("/token", (body) => asked.push(issuer(body)) > 0)
        .reply(200, { access_token: token, expires_in: 3600 });
    await writeKey(key);
    tokenFor("one");
    showZone("one");
    await dns.findZone("zone");
    for (const half of [JSON.stringify(key).slice(0, 99), ""]) {
      await writeKey(half);
      showZone("one");
      await dns.findZone("zone");
    }
    await rm(place.keyFile);
    showZone("one");
    await dns.findZone("zone");
    await writeKey({ ...key, client_email: "new@p.iam.example" });
    tokenFor("two");
    showZone("two");
    expect(await dns.findZone("zone")).toEqual(zone);
    expect(asked).toEqual(["b@p.iam.example", "new@p.iam.example"]);
  });
});
