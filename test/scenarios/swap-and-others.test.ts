/** The swap where others act as well: operators who move names by hand, builders that died half way, contended zones. */
import { describe, expect, it } from "vitest";
import { ConflictError } from "../../src/errors.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { denyWrites, expectSound, hour, minute, newRelease, storedRun, twoZones } from "./seen.ts";

function pointOne(fake: FakeWorld, name: string, release: string, ttl: number): void {
  const { zone, service } = fake.mappings.find((mapping) => mapping.name === name)!;
  const address = fake.cluster.addressOf(release, service)!;
  fake.zones.get(zone)!.put({ name, type: "A", ttl, rrdatas: [address] });
}

function removeRecords(fake: FakeWorld): void {
  for (const { zone, name } of fake.mappings) fake.zones.get(zone)!.remove(name);
}

describe("a swap that a killed builder had only written down", () => {
  it("is not carried out when the new release is no longer ready, and the run ends with 1", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "cluster.annotateNamespace", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    fake.cluster.require(newRelease(fake)).pods["portal"]!.readyAt = Infinity;
    expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
    expect(fake.effects("dns.change")).toEqual([]);
    expect(storedRun(fake)).toMatchObject({ phase: "failed", failure: { code: "GATE_PODS" } });
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("is put back where one zone had been changed already", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    const first = fake.builder("builder-1");
    fake.when("after", "dns.change", () => {
      first.kill();
      fake.invariants.readyIsWatched = false;
      fake.cluster.require(newRelease(fake)).pods["solr"]!.readyAt = Infinity;
    });
    expect(await first.run()).toEqual({ code: "killed" });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });
});

describe("names that somebody moved to the new release by hand", () => {
  const settings = { APPROVAL: "auto-after:2h", POST_SWAP_WATCH: "0s" };

  it("are drained all the same, before the old release goes", async () => {
    const fake = createFakeWorld({ live: { ttl: 3_600 }, settings });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(2 * hour);
    expect(storedRun(fake).phase).toBe("waiting-approval");
    fake.point(newRelease(fake), 3_600);
    expect(await running).toEqual({ code: 0 });
    expect(storedRun(fake).dns).toMatchObject({ oldTtlSeconds: 3_600 });
    expectSound(fake);
  });

  it("count with their old TTL beside those that the builder moves", async () => {
    const fake = createFakeWorld({ live: {}, settings });
    pointOne(fake, "prod.example.", "prod-old01", 7_200);
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(2.5 * hour);
    expect(storedRun(fake).phase).toBe("waiting-approval");
    pointOne(fake, "prod.example.", newRelease(fake), 300);
    expect(await running).toEqual({ code: 0 });
    expectSound(fake);
  });
});

describe("an alias that appeared where a record was missing", () => {
  it("is somebody else's work: refused, and nothing is swapped", async () => {
    const fake = createFakeWorld();
    fake.when("after", "harvester.startList", () =>
      fake.zones.get("site")!.put({
        name: "prod.example.",
        type: "CNAME",
        ttl: 300,
        rrdatas: ["elsewhere.example."],
      }),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 3 });
    expect(storedRun(fake).failure).toMatchObject({ code: "DNS_CHANGED" });
    expect(storedRun(fake).failure?.details?.[0]).toContain("alias");
    expect(fake.effects("dns.change")).toHaveLength(0);
  });
});

describe("putting the names back", () => {
  it("is not taken for done while somebody else always comes first: the next builder goes on", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    denyWrites(fake, "other");
    fake.faults.add({
      calls: "dns.change",
      skip: 2,
      times: 5,
      error: () => new ConflictError("zone site"),
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 75 });
    expect(storedRun(fake).dns?.undoneAt).toBeUndefined();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 75 });
    expect(fake.live).toEqual(["prod-old01"]);
    fake.zones.get("other")!.denied = false;
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("protects the new release until its address is out of all resolvers, also on the first day", async () => {
    const fake = createFakeWorld({ mappings: twoZones });
    denyWrites(fake, "other");
    expect(await fake.builder("builder-1").run()).toEqual({ code: 75 });
    await fake.clock.sleep(minute);
    await fake.builder("abort-1").run(abortRun);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("protects it from when Cloud DNS has told its servers, however long that takes", async () => {
    const fake = createFakeWorld({
      live: {},
      mappings: twoZones,
      settings: { DNS_DRAIN_TTLS: "1", DNS_TIMEOUT: "30m" },
    });
    denyWrites(fake, "other");
    fake.zones.get("site")!.pendingMs = 10 * minute;
    expect(await fake.builder("builder-1").run()).toEqual({ code: 75 });
    await fake.builder("abort-1").run(abortRun);
    expect(fake.namespaces).toContain(newRelease(fake));
    expectSound(fake);
  });
});

describe("DNS that has no record of any public name", () => {
  it("says nothing about what is live: the old release is not deleted behind it", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "dns.change", () =>
      fake.clock.at(fake.clock.now() + 5 * minute, () => removeRecords(fake)),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 3 });
    expect(fake.namespaces).toEqual([newRelease(fake), "prod-old01"].sort());
    expect(storedRun(fake).failure).toMatchObject({ code: "INTERLOCK", step: "delete-old-release" });
  });

  it("does not make a leftover of a release that was live once, though its time to go is over", async () => {
    const fake = createFakeWorld({ live: {} });
    Object.assign(fake.cluster.require("prod-old01").annotations, {
      "powo.kew.org/replaced-at": "2026-11-16T07:33:00.000Z",
      "powo.kew.org/retain-until": "2026-11-17T07:33:00.000Z",
    });
    removeRecords(fake);
    await fake.builder("builder-1").run();
    expect(fake.namespaces).toContain("prod-old01");
    expect(fake.said).toContain("DNS has no record of any public name");
  });
});
