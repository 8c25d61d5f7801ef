/** Load balancers whose addresses move: the names follow, and never point at nothing while the other site is deleted. */
import { describe, expect, it } from "vitest";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { rollBack } from "../../src/operate/roll-back.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { doing, expectSound, hour, minute, newRelease, storedRun } from "./seen.ts";

/** Every public name points at an address that its service in this release has now. */
function expectNamesAt(fake: FakeWorld, release: string): void {
  for (const { zone, name, service } of fake.mappings)
    expect(fake.zones.get(zone)?.find(name)?.rrdatas).toEqual([fake.cluster.addressOf(release, service)]);
}

/** Once the swap is over; `ms` after it was sent. */
const afterSwap = (fake: FakeWorld, ms: number, act: () => void) =>
  fake.when("after", "dns.change", () => fake.clock.at(fake.clock.now() + ms, act));

describe("the new release's load balancers", () => {
  it("that get other addresses in mid-harvest are taken as they are at the swap", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", () => fake.cluster.moveAddresses(newRelease(fake)));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expectNamesAt(fake, newRelease(fake));
    expectSound(fake);
  });

  it("that move after the swap are followed, and the old release goes only then", async () => {
    const fake = createFakeWorld({ live: {} });
    afterSwap(fake, 2 * minute, () => fake.cluster.moveAddresses(newRelease(fake)));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expectNamesAt(fake, newRelease(fake));
    expect(storedRun(fake).dns?.follows).toBe(1);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("that have no address for a while are waited for: nothing is deleted, nothing is pointed at nothing", async () => {
    const fake = createFakeWorld({ live: {} });
    afterSwap(fake, 9 * minute, () => fake.cluster.moveAddresses(newRelease(fake), "none"));
    afterSwap(fake, 15 * minute, () => {
      expect(fake.namespaces).toContain("prod-old01");
      fake.cluster.moveAddresses(newRelease(fake));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expectNamesAt(fake, newRelease(fake));
    expectSound(fake);
  });

  it("are not followed to a site that does not answer, nor is anything deleted meanwhile", async () => {
    const fake = createFakeWorld({ live: {}, settings: { POST_SWAP_WATCH: "0s", PODS_TIMEOUT: "5m" } });
    afterSwap(fake, 2 * minute, () => {
      fake.cluster.moveAddresses(newRelease(fake));
      fake.cluster.require(newRelease(fake)).siteStatus = 500;
    });
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    expect(fake.said).toContain("DNS_DRIFT");
    expect(fake.namespaces).toContain("prod-old01");
    expect(fake.effects("dns.change")).toHaveLength(1);
  });

  it("are not followed to an address that belongs to another release Service has", async () => {
    const fake = createFakeWorld({ live: {}, settings: { PODS_TIMEOUT: "5m" } });
    afterSwap(fake, 2 * minute, () => {
      const { addresses } = fake.cluster.require("prod-old01").release!;
      fake.cluster.require(newRelease(fake)).release!.addresses = { ...addresses };
    });
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    expect(fake.said).toContain("belongs to another release");
    expect(fake.effects("dns.change")).toHaveLength(1);
    expectSound(fake);
  });

  it("are not followed to an address that one look has seen: the next one decides", async () => {
    const fake = createFakeWorld({ live: {}, settings: { POST_SWAP_WATCH: "30m" } });
    const moveBack = (at: number) => {
      const release = fake.cluster.require(newRelease(fake)).release!;
      const { addresses } = release;
      fake.clock.at(at + 2 * minute, () => fake.cluster.moveAddresses(newRelease(fake)));
      fake.clock.at(at + 2 * minute + 25_000, () => (release.addresses = addresses));
    };
    fake.when("after", "dns.change", () => moveBack(fake.clock.now()));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.effects("dns.change")).toHaveLength(1);
    expectSound(fake);
  });

  it("are followed three times in a run, then it is for people to look: 75, and nothing is deleted", async () => {
    const fake = createFakeWorld({ live: {}, settings: { POST_SWAP_WATCH: "2h" } });
    afterSwap(fake, 0, () => {
      for (let n = 1; n <= 5; n += 1)
        fake.clock.at(fake.clock.now() + n * 10 * minute, () => fake.cluster.moveAddresses(newRelease(fake)));
    });
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    expect(storedRun(fake).dns?.follows).toBe(3);
    expect(fake.namespaces).toContain("prod-old01");
  });

  it("that move while no builder is there, between the swap and the deletion, are followed first", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("before", "releases.uninstall", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    fake.cluster.moveAddresses(newRelease(fake));
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expectNamesAt(fake, newRelease(fake));
    expectSound(fake);
  });

  it("have moved when the swap was put into effect by hand: followed as well", async () => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "auto-after:2h" } });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(2 * hour);
    fake.point(newRelease(fake));
    fake.when("after", "cluster.annotateNamespace", () =>
      fake.clock.at(fake.clock.now() + minute, () => fake.cluster.moveAddresses(newRelease(fake))),
    );
    expect(await running).toEqual({ code: 0 });
    expectNamesAt(fake, newRelease(fake));
    expectSound(fake);
  });
});

describe("a watch", () => {
  it("that reaches neither site rolls nothing back, also where nothing of ours was live before", async () => {
    for (const live of [{}, undefined]) {
      const fake = createFakeWorld({ live });
      afterSwap(fake, minute, () => {
        for (const { name } of fake.cluster.namespaces()) fake.cluster.require(name).siteStatus = 502;
      });
      expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
      expect(fake.said).toContain("NOBODY_ANSWERS");
      expect(fake.live).toEqual([newRelease(fake)]);
      expect(fake.effects("cluster.deleteNamespace")).toEqual([]);
    }
  });
});

describe("the old release's load balancers", () => {
  it("that have moved since preflight get the names back at their addresses of today", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", () => fake.cluster.moveAddresses("prod-old01"));
    afterSwap(fake, minute, () => (fake.cluster.require(newRelease(fake)).siteStatus = 500));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake)).toMatchObject({ phase: "rolled-back", failure: { code: "ROLLED_BACK" } });
    expectNamesAt(fake, "prod-old01");
    expectSound(fake);
  });

  it("that have no address at the moment are waited for before the names go back", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", () => fake.cluster.moveAddresses("prod-old01", "none"));
    afterSwap(fake, minute, () => (fake.cluster.require(newRelease(fake)).siteStatus = 500));
    afterSwap(fake, 6 * minute, () => {
      fake.cluster.moveAddresses("prod-old01");
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expectNamesAt(fake, "prod-old01");
    expectSound(fake);
  });

  it("that have moved since the swap are where `rollback` points the names", async () => {
    const fake = createFakeWorld({ live: {}, settings: { RETAIN_PREVIOUS: "48h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    fake.cluster.moveAddresses("prod-old01");
    expect(await fake.builder("rollback-1").run(doing(rollBack))).toEqual({ code: 0 });
    expectNamesAt(fake, "prod-old01");
    expect(storedRun(fake).phase).toBe("rolled-back");
    expectSound(fake);
  });

  it.each([true, false])(
    "that move while the run fails leave it no leftover (labelled by us: %s)",
    async (labels) => {
      const fake = createFakeWorld({ live: { labels } });
      fake.when("after", "harvester.startList", ({ args }) => {
        fake.cluster.require(String(args[0])).harvester.taxaFactor = 0.5;
        fake.cluster.moveAddresses("prod-old01");
      });
      expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
      expect(await fake.builder("cleanup-1").run(doing(cleanUp))).toEqual({ code: 0 });
      expect(fake.namespaces).toEqual(["prod-old01"]);
      expect(fake.said).toContain("so what is live is not known");
    },
  );

  it("that have moved don't keep a rollback from a new release that has moved as well", async () => {
    const fake = createFakeWorld({ live: {}, settings: { RETAIN_PREVIOUS: "48h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    for (const name of ["prod-old01", newRelease(fake)]) fake.cluster.moveAddresses(name);
    expect(await fake.builder("rollback-1").run(doing(rollBack))).toEqual({ code: 0 });
    expectNamesAt(fake, "prod-old01");
  });
});
