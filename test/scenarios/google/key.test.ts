/** The built program logs in to Google with a service account's key. */
import { expect, it } from "vitest";
import { isGood } from "../../sandbox/google/identity.ts";
import { useGoogle } from "./bench.ts";

const bench = useGoogle("proxy");

it.each([
  ["half a key", () => bench().writeLogin('{"type": "service_account", "private_key": "canary')],
  ["no file", async () => ({ GOOGLE_APPLICATION_CREDENTIALS: "/nowhere/key.json" })],
])("a run that finds %s ends with 2 and names the setting, before Google is asked", async (_, login) => {
  const { google, start, expectMistake } = bench();
  const builder = start(await login());
  await expectMistake(builder);
  expect(builder.output()).toMatch("GOOGLE_APPLICATION_CREDENTIALS");
  expect(builder.output()).not.toMatch("canary");
  expect(google.requests).toEqual([]);
});

it("a run whose key Google refuses ends with 2 from preflight and names the setting", async () => {
  const { google, start, expectMistake } = bench();
  const login = await google.loginByKey();
  google.identity.keys = [];
  const builder = start(login);
  await expectMistake(builder);
  expect(builder.output()).toMatch("GOOGLE_APPLICATION_CREDENTIALS");
  const asked = google.requests.map(({ host, status }) => `${status} ${host}`);
  expect(new Set(asked)).toEqual(new Set(["400 oauth2.googleapis.com"]));
});

it("a rebuild asks for a token, and for another when that has run out in mid-harvest", async () => {
  const { world, google, start, inHarvest, expectGoodEnd } = bench();
  const { identity } = google;
  const before = google.requests.length;
  identity.tokenLifetimeSeconds = 3;
  const builder = start(await google.loginByKey());
  await inHarvest(builder, async () => {
    await world.until("the end of the tokens' time", () => !identity.tokens.some(isGood));
    identity.tokenLifetimeSeconds = 3_600;
  });
  await expectGoodEnd(builder);
  const requests = google.requests.slice(before);
  const hosts = new Set(requests.map(({ host }) => host));
  expect(hosts).toEqual(new Set(["oauth2.googleapis.com", "dns.googleapis.com"]));
  expect(requests.filter(({ status }) => status !== 200)).toEqual([]);
  expect(identity.tokens.filter(isGood)).toHaveLength(1);
});

it("a rebuild whose token is revoked right at the swap asks for another, and swaps once", async () => {
  const { world, google, start, expectGoodEnd } = bench();
  const [swaps, asked] = [world.zone.changes.length, google.requests.length];
  google.onRequest = ({ path }) => {
    if (!path.endsWith("/changes")) return;
    google.identity.revokeTokens();
    google.onRequest = () => undefined;
  };
  await expectGoodEnd(start(await google.loginByKey()));
  const sent = google.requests.slice(asked).filter(({ path }) => path.endsWith("/changes"));
  expect(sent.map(({ status }) => status)).toEqual([401, 200]);
  expect(sent[1]?.token).not.toBe(sent[0]?.token);
  expect(world.zone.changes).toHaveLength(swaps + 1);
});

it("a rebuild whose key is replaced in mid-harvest reads the file again", async () => {
  const { google, start, inHarvest, expectGoodEnd } = bench();
  const { identity } = google;
  const builder = start(await google.loginByKey());
  await inHarvest(builder, async () => {
    identity.revokeTokens();
    identity.keys = [];
    await google.loginByKey();
  });
  await expectGoodEnd(builder);
  expect(identity.keys).toHaveLength(1);
  expect(identity.tokens.filter(isGood)).toHaveLength(1);
});
