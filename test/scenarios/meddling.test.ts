/** Operators who delete things under a running builder: each has a defined outcome, and the live site stays. */
import { describe, expect, it } from "vitest";
import { namespaceLabels } from "../../src/domain/names.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { expectSound, hour, minute, newRelease, pastRuns, storedRun } from "./seen.ts";

/** Moments of a run, in minutes from its start. */
const moments = [
  ["while pods are waited for", 0.5],
  ["during the harvest", 20],
] as const;
const later = [...moments, ["while resolvers forget the old address", 47]] as const;

function worldWith(minutes: number, act: (fake: FakeWorld) => void): FakeWorld {
  const fake = createFakeWorld({ live: {} });
  fake.clock.at(fake.clock.now() + minutes * minute, () => act(fake));
  return fake;
}

describe.each(later)("%s", (_, minutes) => {
  it("a deleted ConfigMap is written anew, and the run goes on", async () => {
    const fake = worldWith(minutes, (world) => (world.store.state = undefined));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(fake.said).toContain("the state ConfigMap is gone; creating it again");
    expect(pastRuns(fake)).toEqual(["succeeded"]);
    expectSound(fake);
  });

  it("a ConfigMap deleted just before the builder is killed costs at most a run, never the live site", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.clock.at(fake.clock.now() + minutes * minute, () => {
      fake.store.state = undefined;
      first.kill();
    });
    expect(await first.run()).toEqual({ code: "killed" });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("a deleted Lease is taken again, and the run goes on", async () => {
    const fake = worldWith(minutes, (world) => (world.store.lease = undefined));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.cluster.require(newRelease(fake)).harvester.starts).toBe(1);
    expectSound(fake);
  });

  it("a Lease deleted as another builder starts belongs to one of them, and the run is done once", async () => {
    const fake = worldWith(minutes, (world) => (world.store.lease = undefined));
    const first = fake.builder("builder-1").run();
    await fake.clock.sleep(minutes * minute + 1_000);
    const second = await fake.builder("builder-2").run();
    const outcomes = [await first, second].map(({ code }) => code);
    expect(outcomes.filter((code) => code !== 0 && code !== 75)).toEqual([]);
    expect(outcomes).toContain(0);
    expect(fake.cluster.require(newRelease(fake)).harvester.starts).toBe(1);
    expect(pastRuns(fake)).toEqual(["succeeded"]);
    expectSound(fake);
  });
});

describe.each(moments)("%s", (_, minutes) => {
  it.each([
    ["release", (fake: FakeWorld) => fake.cluster.uninstall(newRelease(fake))],
    ["namespace", (fake: FakeWorld) => fake.cluster.delete(newRelease(fake))],
  ])("a deleted %s ends the run within PODS_TIMEOUT, and the next one begins afresh", async (__, act) => {
    const fake = worldWith(minutes, act);
    const began = fake.clock.now();
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 1 });
    expect(fake.clock.now() - began).toBeLessThan((minutes + 25) * minute);
    expect(storedRun(fake).phase).toBe("failed");
    expect(fake.live).toEqual(["prod-old01"]);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });
});

describe("before the install", () => {
  it("a namespace that somebody else made under the release's name is left alone, and the next run takes another", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "store.saveDocument", () => {
      const name = newRelease(fake);
      fake.untouchable.add(name);
      fake.cluster.create(name, namespaceLabels("prod", "prod-20261101-1200"));
    });
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 1 });
    const taken = newRelease(fake);
    expect(pastRuns(fake)).toEqual(["failed NAMESPACE_TAKEN"]);
    expect(fake.effects("releases.install")).toEqual([]);
    expect(fake.live).toEqual(["prod-old01"]);
    expect(fake.namespaces).toContain(taken);
    expectSound(fake);
  });
});

describe("after the swap", () => {
  it("records that an operator pointed back by hand are not overwritten, and what they point at stays", async () => {
    const fake = worldWith(47, (world) => world.point("prod-old01"));
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 3 });
    expect(fake.live).toEqual(["prod-old01"]);
    expect(fake.namespaces).toContain("prod-old01");
    expectSound(fake);
  });

  it("an old release that somebody deleted already is nothing to wait for", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.clock.at(fake.clock.now() + 52 * minute, () => fake.cluster.delete("prod-old01"));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([newRelease(fake)]);
  });
});

describe("before the swap", () => {
  it("a live release that loses its pods does not stop the new one from replacing it", async () => {
    const fake = worldWith(20, (world) => world.cluster.restart("prod-old01", "portal", 3 * hour));
    fake.invariants.readyIsWatched = false;
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
  });
});
