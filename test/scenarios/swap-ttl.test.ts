/** DNS_SWAP_TTL: a low TTL while the harvest runs, the old one again however the run ends. */
import { describe, expect, it } from "vitest";
import { abortRun } from "../../src/operate/abort-run.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { between, day, expectSound, newRelease, pastRuns, storedRun } from "./seen.ts";

const settings = { DNS_SWAP_TTL: "60s", POST_SWAP_WATCH: "0s" };
const ttls = (fake: FakeWorld) =>
  fake.mappings.map(({ zone, name }) => fake.zones.get(zone)?.find(name)?.ttl);

/** What the TTLs were when the first job of the list was under way. */
function ttlsDuringHarvest(fake: FakeWorld): (number | undefined)[] {
  const seen: (number | undefined)[] = [];
  fake.when("after", "harvester.startList", () => void seen.push(...ttls(fake)));
  return seen;
}

describe("a lowered TTL", () => {
  it("shortens the drain, and is the old one again after the swap", async () => {
    const fake = createFakeWorld({ live: { ttl: 3600 }, settings });
    const seen = ttlsDuringHarvest(fake);
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(seen).toEqual([60, 60]);
    expect(ttls(fake)).toEqual([3600, 3600]);
    const { dns, steps } = storedRun(fake);
    expect(dns?.oldTtlSeconds).toBe(3600); // the harvest was shorter than the old TTL: resolvers may still hold it
    expect(between(dns?.swappedAt, steps.at(-1)?.startedAt)).toBeGreaterThanOrEqual(2 * 3600_000);
    expectSound(fake);
  });

  it("drains only the low TTL once the old one has run out during the harvest", async () => {
    const harvester = { jobMs: 3_600_000 };
    const fake = createFakeWorld({ live: { ttl: 3600 }, settings, harvester });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const { dns, steps } = storedRun(fake);
    expect(dns?.oldTtlSeconds).toBe(60);
    expect(between(dns?.swappedAt, steps.at(-1)?.startedAt)).toBeLessThan(200_000);
    expect(ttls(fake)).toEqual([3600, 3600]);
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("is given back when the run fails", async () => {
    const fake = createFakeWorld({ live: { ttl: 3600 }, settings });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).siteStatus = 502;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(ttls(fake)).toEqual([3600, 3600]);
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("is given back by an abort after the builder was killed", async () => {
    const fake = createFakeWorld({ live: { ttl: 3600 }, settings });
    const builder = fake.builder("builder-1");
    fake.when("after", "harvester.startList", () => builder.kill());
    expect(await builder.run()).toEqual({ code: "killed" });
    expect(ttls(fake)).toEqual([60, 60]);
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(ttls(fake)).toEqual([3600, 3600]);
    expectSound(fake);
  });

  it("is left as it is where somebody else has changed it meanwhile", async () => {
    const fake = createFakeWorld({ live: { ttl: 3600 }, settings });
    fake.when("after", "harvester.startList", () => fake.point("prod-old01", 900));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(ttls(fake)).toEqual([900, 900]);
    expectSound(fake);
  });

  it("is given back when the run's time is over, and that failure is told, before the next run begins", async () => {
    const fake = createFakeWorld({ live: { ttl: 3600 }, settings });
    const builder = fake.builder("builder-1");
    fake.when("after", "dns.change", () => builder.kill());
    expect(await builder.run()).toEqual({ code: "killed" });
    expect(ttls(fake)).toEqual([60, 60]);
    const lost = newRelease(fake);
    await fake.clock.sleep(7 * day);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(ttls(fake)).toEqual([3600, 3600]);
    expect(storedRun(fake).dns?.before.map(({ ttlSeconds }) => ttlSeconds)).toEqual([3600, 3600]);
    expect(pastRuns(fake)).toEqual(["failed RUN_EXPIRED", "succeeded"]);
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "failed", "started", "live"]);
    expect(fake.notifications[1]?.release).toBe(lost);
    expectSound(fake);
  });
});
