/** Only what the chart made counts: whose a namespace is, and which Service's address the names may have. */
import { describe, expect, it } from "vitest";
import { labels } from "../../src/domain/names.ts";
import type { ServiceView } from "../../src/domain/workloads.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { rollBack } from "../../src/operate/roll-back.ts";
import { updateLive } from "../../src/operate/update-live.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { retry } from "./retrying.ts";
import { doing, expectSound, minute, newRelease, storedRun, twoZones } from "./seen.ts";

const bait = "198.51.100.66";
/** A Service that somebody has made: it sorts before the chart's own, as `kubectl get` and the API list them. */
const mirror = (component = "ingress", address: string | undefined = bait): ServiceView => ({
  ...{ name: "a-mirror", component, address, otherAddresses: [] },
});
const addresses = (fake: FakeWorld) =>
  fake.mappings.map(({ zone, name }) => fake.zones.get(zone)!.find(name)?.rrdatas.join());
const isNeverBait = (fake: FakeWorld) => {
  expect(addresses(fake)).not.toContain(bait);
  for (const { args } of fake.effects("dns.change")) expect(JSON.stringify(args)).not.toContain(bait);
};

/** Moments of a run at which somebody makes the Service in the new release's namespace. */
const moments = [
  ["while pods are waited for", "before", "harvester.importData"],
  ["during the harvest", "after", "harvester.startList"],
] as const;

describe("a second Service that bears a mapped one's name", () => {
  it.each(moments)(
    "made %s ends the run before the swap, named, and is never pointed at",
    async (_, when, effect) => {
      const fake = createFakeWorld({ live: {} });
      fake.when(when, effect, () => (fake.cluster.require(newRelease(fake)).strangers = [mirror()]));
      expect(await fake.builder("builder-1").run()).toEqual({ code: 3 });
      const { failure } = storedRun(fake);
      expect(failure).toMatchObject({ code: "SERVICE_AMBIGUOUS", exitCode: 3 });
      expect(failure?.details).toEqual(['2 Services are "ingress": a-mirror, ingress (its own)']);
      expect(fake.effects("dns.change")).toEqual([]);
      expect(fake.live).toEqual(["prod-old01"]);
      expectSound(fake);
      // Once it is gone the same run goes on, with the harvest that is there.
      fake.cluster.require(newRelease(fake)).strangers = [];
      expect(await fake.builder("retry-1").run(retry)).toEqual({
        code: 0,
      });
      expect(fake.live).toEqual([newRelease(fake)]);
      isNeverBait(fake);
    },
  );

  it("made in the middle of the swap has the names put back", async () => {
    const fake = createFakeWorld({ mappings: twoZones, live: {} });
    fake.when("after", "dns.change", () => (fake.cluster.require(newRelease(fake)).strangers = [mirror()]));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 3 });
    expect(storedRun(fake).failure?.code).toBe("SERVICE_AMBIGUOUS");
    expect(fake.live).toEqual(["prod-old01"]);
    isNeverBait(fake);
    expectSound(fake);
  });

  it("made after the swap changes nothing: the names stay at the chart's own, and follow only that", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.clock.at(fake.clock.now() + 45 * minute, () => {
      fake.cluster.require(newRelease(fake)).strangers = [mirror()];
      fake.cluster.moveAddresses(newRelease(fake));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).dns?.follows).toBe(1);
    expect(fake.live).toEqual([newRelease(fake)]);
    isNeverBait(fake);
    expectSound(fake);
  });

  it.each([true, false])(
    "of the old release is not what the names are put back to (labelled: %s)",
    async (labelled) => {
      const fake = createFakeWorld({ live: { labels: labelled } });
      fake.when("after", "dns.change", () => {
        fake.cluster.require("prod-old01").strangers = [mirror()];
        fake.cluster.require(newRelease(fake)).siteStatus = 502;
      });
      expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
      expect(storedRun(fake).failure?.code).toBe("ROLLED_BACK");
      expect(fake.live).toEqual(["prod-old01"]);
      isNeverBait(fake);
    },
  );

  it("of the previous release keeps `rollback` from it, and is named", async () => {
    const fake = createFakeWorld({ live: {}, settings: { RETAIN_PREVIOUS: "48h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    fake.cluster.require("prod-old01").strangers = [mirror()];
    const message = expect.stringContaining('2 Services are "ingress": a-mirror, ingress (its own)');
    expect(await fake.builder("rollback-1").run(doing(rollBack))).toMatchObject({
      code: 3,
      error: { message },
    });
    expect(fake.live).toEqual([newRelease(fake)]);
    isNeverBait(fake);
  });

  it("of the live release ends `update` with its name", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.require("prod-old01").strangers = [mirror()];
    const error = { code: "SERVICE_AMBIGUOUS" };
    expect(await fake.builder("update-1").run(doing(updateLive))).toMatchObject({ code: 3, error });
    expect(fake.effects("dns.change")).toEqual([]);
  });
});

const managers = ["Helm", "argocd", "powo-builder-2"];
/** Takes a namespace away from the environment, as another tool does that has adopted it. */
const adopt = (fake: FakeWorld, name: string, manager: string) => {
  fake.cluster.require(name).labels[labels.managedBy] = manager;
  fake.untouchable.add(name);
};

describe.each(managers)("a namespace with the label of another manager (%s)", (manager) => {
  /** It has the environment's name pattern, every mapped Service, and the very address that the names point at. */
  function worldWithNeighbour(settings: Record<string, string> = {}): FakeWorld {
    const fake = createFakeWorld({ live: {}, settings });
    const theirs = fake.cluster.create("prod-their");
    fake.cluster.install("prod-their", fake.clock.now() - 60 * minute);
    theirs.release!.addresses = { ...fake.cluster.require("prod-old01").release!.addresses };
    adopt(fake, "prod-their", manager);
    return fake;
  }

  it("is neither live nor deleted by a run, though it shares the live address", async () => {
    const fake = worldWithNeighbour();
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).previous).toEqual(["prod-old01"]);
    expect(fake.namespaces).toContain("prod-their");
    expect(fake.cluster.require("prod-their").annotations).toEqual({});
  });

  it("is left alone by `cleanup`, also where nothing points at it any more", async () => {
    const fake = worldWithNeighbour();
    fake.cluster.require("prod-their").release!.addresses = {};
    expect(await fake.builder("cleanup-1").run(doing(cleanUp))).toEqual({ code: 0 });
    expect(fake.namespaces).toContain("prod-their");
    expect(fake.said).toContain("prod-their stays: neither its labels nor its contents");
  });

  it("is not updated, though the names point at its address", async () => {
    const fake = worldWithNeighbour();
    adopt(fake, "prod-old01", manager);
    expect(await fake.builder("update-1").run(doing(updateLive))).toMatchObject({ code: 3 });
    expect(fake.effects("releases.upgrade")).toEqual([]);
  });

  it("is nothing that `rollback` goes back to, though it was ours when it was replaced", async () => {
    const fake = createFakeWorld({ live: {}, settings: { RETAIN_PREVIOUS: "48h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    adopt(fake, "prod-old01", manager);
    expect(await fake.builder("rollback-1").run(doing(rollBack))).toMatchObject({ code: 3 });
    expect(fake.live).toEqual([newRelease(fake)]);
  });

  it("is nothing that `abort` removes, though the run has made it", async () => {
    const fake = createFakeWorld({ live: {} });
    const builder = fake.builder("builder-1");
    const running = builder.run();
    await fake.clock.sleep(20 * minute);
    builder.kill();
    await running;
    adopt(fake, newRelease(fake), manager);
    expect(await fake.builder("abort-1").run(abortRun)).toMatchObject({ code: 3 });
    expect(fake.namespaces).toContain(newRelease(fake));
    expect(fake.effects("releases.uninstall")).toEqual([]);
  });
});

it("the namespace of a new release is held to Pod Security's baseline, whoever makes pods there", async () => {
  const fake = createFakeWorld();
  expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
  const { labels: given } = fake.cluster.require(newRelease(fake));
  expect(given).toMatchObject({
    "pod-security.kubernetes.io/enforce": "baseline",
    [labels.environment]: "prod",
  });
});

describe("a release of the original builder", () => {
  it("is found by what it holds, replaced, and removed with its namespace", async () => {
    const fake = createFakeWorld({ live: { labels: false } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).previous).toEqual(["prod-old01"]);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });
});
