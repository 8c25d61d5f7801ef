/** The built program logs in to Google without a key: by the metadata server of its node, and by federation. */
import { expect, it } from "vitest";
import { useGoogle } from "./bench.ts";

const bench = useGoogle("hosts");

it("a rebuild needs no file where there is a metadata server, and waits for one that is seconds late", async () => {
  const { google, start, expectGoodEnd } = bench();
  const { metadata, requests } = google;
  // Longer than the library waits for the answer to its first question.
  metadata.faults.add(() => true, { kind: "slow", ms: 4_000 }, 1);
  await expectGoodEnd(start(google.loginByMetadataServer(), { METADATA_SERVER_DETECTION: "ping-only" }));
  expect(metadata.requests.length).toBeGreaterThan(1);
  expect(new Set(requests.map(({ host }) => host))).toEqual(new Set(["dns.googleapis.com"]));
  expect(requests.filter(({ status }) => status !== 200)).toEqual([]);
});

it("a run whose metadata server stays away stops for now with 75, and a later builder goes on with it", async () => {
  const { world, google, start, inHarvest, expectGoodEnd } = bench();
  const login = google.loginByMetadataServer();
  const live = await world.live();
  const builder = start(login, { RETRY_TIMEOUT: "2s" });
  await inHarvest(builder, async () => {
    google.identity.revokeTokens();
    await google.metadata.stop();
  });
  expect(await builder.exit, builder.output()).toBe(75);
  expect(await world.live()).toBe(live);
  await google.metadata.start();
  await expectGoodEnd(start(login));
});

it("a rebuild by federation shows the workload's token, and acts as the service account", async () => {
  const { google, start, expectGoodEnd } = bench();
  const { email, principal, tokens } = google.identity;
  const [asked, known] = [google.requests.length, tokens.length];
  await expectGoodEnd(start(await google.loginByFederation()));
  expect(new Set(google.requests.slice(asked).map(({ host }) => host))).toEqual(
    new Set(["sts.googleapis.com", "iamcredentials.googleapis.com", "dns.googleapis.com"]),
  );
  expect(tokens.slice(known).map(({ holder }) => holder)).toEqual([principal, email]);
});
