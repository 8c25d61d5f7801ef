/** The gate and the swap: when the names move, when they don't, when they come back. */
import { describe, expect, it } from "vitest";
import { annotations } from "../../src/domain/names.ts";
import { createFakeWorld } from "../fakes/world.ts";
import {
  denyWrites,
  expectSound,
  expectUntouched,
  hour,
  minute,
  newRelease,
  pastRuns,
  storedRun,
  twoZones,
} from "./seen.ts";

describe("the gate", () => {
  it("rejects a site with too few results", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.taxaFactor = 0.8;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expectUntouched(fake, "GATE_RESULTS");
  });

  it("lets a smaller site pass where GATE_MIN_SHARE says so", async () => {
    const fake = createFakeWorld({ live: {}, settings: { GATE_MIN_SHARE: "0.7" } });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.taxaFactor = 0.8;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
  });

  it("rejects an empty site where nothing is live", async () => {
    const fake = createFakeWorld();
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.taxaFactor = 0;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("GATE_RESULTS");
    expect(fake.live).toEqual([]);
  });

  it("rejects a site that lacks a sentinel", async () => {
    const fake = createFakeWorld({ live: {}, settings: { GATE_SENTINELS: "taxon-1,taxon-2" } });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.missingTaxa.add("taxon-2");
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expectUntouched(fake, "GATE_SENTINELS");
    expect(storedRun(fake).failure?.details).toEqual(["taxon-2"]);
  });

  it("rejects a site that does not answer under its public name", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).siteStatus = 502;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expectUntouched(fake, "GATE_ANSWER");
  });

  it("does not let a sick live site keep a good one from replacing it", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.invariants.readyIsWatched = false;
    fake.cluster.require("prod-old01").pods["portal"]!.readyAt = Infinity;
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
  });
});

describe("the swap", () => {
  it("is refused when somebody changed a record since preflight, and nothing was swapped", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", () =>
      fake.zones.get("site")?.put({ name: "prod.example.", type: "A", ttl: 300, rrdatas: ["198.51.100.9"] }),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 3 });
    expect(storedRun(fake)).toMatchObject({ phase: "failed", failure: { code: "DNS_CHANGED" } });
    expect(fake.effects("dns.change")).toHaveLength(0);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
  });

  it("goes on when only the TTL was changed, and keeps the new one", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", () => fake.point("prod-old01", 120));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(fake.zones.get("site")?.find("prod.example.")?.ttl).toBe(120);
    expectSound(fake);
  });

  it("puts the first zone back when a later one refuses, and begins with the one that refused: no flapping", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    const other = fake.zones.get("other")!;
    denyWrites(fake, "other");
    expect(await fake.builder("builder-1").run()).toEqual({ code: 75 });
    expect(storedRun(fake)).toMatchObject({ phase: "interrupted", dns: { refusedZone: "other" } });
    expect(fake.live).toEqual(["prod-old01"]);
    expect(fake.zones.get("site")?.changes).toHaveLength(2);
    expect(fake.cluster.require(newRelease(fake)).annotations).toHaveProperty([annotations.retainUntil]);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 75 });
    expect(fake.zones.get("site")?.changes).toHaveLength(2);
    other.denied = false;
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("is asked again for a while where Cloud DNS forbids it and no name has moved", async () => {
    const fake = createFakeWorld({ live: {} });
    const zone = fake.zones.get("site")!;
    fake.when("before", "dns.change", ({ at }) => {
      zone.denied = "writes";
      fake.clock.at(at + 5 * minute, () => (zone.denied = false));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("is taken up by the next builder when Cloud DNS takes too long", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.zones.get("site")!.pendingMs = 25 * minute;
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    expect(storedRun(fake)).toMatchObject({
      phase: "interrupted",
      dns: { pending: [{ zone: "site", id: "1" }] },
    });
    expect(await fake.builder("builder-2").run()).toMatchObject({ code: 75 });
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    expect(fake.effects("dns.change")).toHaveLength(1);
    expectSound(fake);
  });

  it("is undone when the new site fails three probes in a row", async () => {
    const fake = createFakeWorld({ live: {} });
    let failedAt = 0;
    fake.when("after", "dns.change", () => {
      failedAt = fake.clock.now() + 3 * minute;
      fake.clock.at(failedAt, () => (fake.cluster.require(newRelease(fake)).siteStatus = 500));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake)).toMatchObject({ phase: "rolled-back", failure: { code: "ROLLED_BACK" } });
    expect(Date.parse(storedRun(fake).dns?.undoneAt ?? "") - failedAt).toBeLessThan(4 * minute);
    expect(fake.live).toEqual(["prod-old01"]);
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "rolled-back"]);
    expect(fake.cluster.require("prod-old01").annotations).not.toHaveProperty([annotations.retainUntil]);
    expect(pastRuns(fake)).toEqual(["rolled-back ROLLED_BACK"]);
    expectSound(fake);
  });

  it("stands when the new site has two bad moments", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "dns.change", () => {
      const now = fake.clock.now();
      fake.clock.at(now + 2 * minute, () => (fake.cluster.require(newRelease(fake)).siteStatus = 500));
      fake.clock.at(
        now + 2 * minute + 50_000,
        () => (fake.cluster.require(newRelease(fake)).siteStatus = 200),
      );
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expectSound(fake);
  });

  it("fails the run before anything else when Cloud DNS forbids reading", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.zones.get("site")!.denied = "everything";
    expect(await fake.builder("builder-1").run()).toEqual({ code: 2 });
    expect(fake.effects("cluster.ensureNamespace")).toHaveLength(0);
    expect(pastRuns(fake)).toEqual(["failed PREFLIGHT"]);
    expect(storedRun(fake).failure?.message).toContain("Cloud DNS");
  });

  it("that was undone leaves the new release alone until no resolver can hold its address", async () => {
    const fake = createFakeWorld({ live: { ttl: 3_600 }, mappings: twoZones });
    denyWrites(fake, "other");
    await fake.builder("builder-1").run();
    const failed = newRelease(fake);
    fake.zones.get("other")!.denied = false;
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toContain(failed);
    await fake.clock.sleep(7 * 24 * hour);
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    expect(fake.namespaces).not.toContain(failed);
    expectSound(fake);
  });
});
