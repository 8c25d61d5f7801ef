/** Ending a run by an operator's word, in whatever state it is. */
import { describe, expect, it } from "vitest";
import { abortRun } from "../../src/operate/abort-run.ts";
import { createFakeWorld } from "../fakes/world.ts";
import { denyWrites, expectSound, hour, minute, newRelease, pastRuns, storedRun, twoZones } from "./seen.ts";

describe("abort", () => {
  it.each([
    ["while the release is installed", 10_000],
    ["while pods are waited for", 40_000],
    ["during the harvest", 20 * minute],
    ["while an approval is waited for", 90 * minute],
  ])("%s: asks the living builder to stop, which says 1, and removes the new release", async (_, afterMs) => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "manual" } });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(afterMs);
    const release = newRelease(fake);
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(await running).toEqual({ code: 1 });
    expect(storedRun(fake).phase).toBe("aborted");
    expect(fake.namespaces).toEqual(["prod-old01"]);
    expect(fake.live).toEqual(["prod-old01"]);
    expect(fake.store.lease?.record).toMatchObject({ holder: undefined, requests: {} });
    expect(fake.notifications.map(({ event }) => event).filter((event) => event === "aborted")).toHaveLength(
      1,
    );
    expect(pastRuns(fake)).toEqual(["aborted ABORTED"]);
    expectSound(fake);
    expect(await fake.builder("builder-2", { settings: { APPROVAL: "auto" } }).run()).toEqual({ code: 0 });
    expect(newRelease(fake)).not.toBe(release);
  });

  it("ends a run whose builder is dead", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "harvester.startList", () => first.kill());
    await first.run();
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual(["prod-old01"]);
    expect(storedRun(fake).phase).toBe("aborted");
    expectSound(fake);
  });

  it.each(["gone", "unknown", "running"] as const)(
    "ends a run whose builder dies once it was asked to stop (its pod is %s then)",
    async (leaves) => {
      const fake = createFakeWorld({ live: {} });
      const first = fake.builder("builder-1", { leaves });
      const running = first.run();
      await fake.clock.sleep(20 * minute);
      fake.when("after", "leases.write", function watch() {
        if (fake.store.lease?.record.requests["abort"] !== undefined) first.kill();
        else fake.when("after", "leases.write", watch);
      });
      expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
      expect(await running).toEqual({ code: "killed" });
      expect(fake.namespaces).toEqual(["prod-old01"]);
      expect(storedRun(fake).phase).toBe("aborted");
      expectSound(fake);
    },
  );

  it("says what to type where a builder lives on and does not stop", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    const running = first.run();
    await fake.clock.sleep(20 * minute);
    const { leases } = first.world;
    const write = leases.write.bind(leases);
    leases.write = async (...parameters) => ({ ...(await write(...parameters)), requests: {} });
    expect(await fake.builder("abort-1").run(abortRun)).toMatchObject({
      code: 1,
      error: { code: "BUILDER_UNHEARD" },
    });
    first.kill();
    await running;
  });

  it("removes a release that helm had left half installed", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("before", "releases.install", () =>
      fake.clock.at(fake.clock.now() + 5_000, () => first.kill()),
    );
    await first.run();
    expect(fake.cluster.require(newRelease(fake)).release?.status).toBe("pending-install");
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual(["prod-old01"]);
  });

  it("is refused once DNS was changed, and the run goes on", async () => {
    const fake = createFakeWorld({ live: {} });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(45 * minute);
    expect(storedRun(fake).dns?.swappedAt).toBeDefined();
    const outcome = await fake.builder("abort-1").run(abortRun);
    expect(outcome).toMatchObject({ code: 3, error: { code: "ABORT_TOO_LATE" } });
    expect(await running).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("removes what a failed run has left", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.doomed.set("solr", "ImagePullBackOff");
    await fake.builder("builder-1").run();
    expect(fake.namespaces).toHaveLength(2);
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual(["prod-old01"]);
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("leaves a run that failed a failed one, in the state, in the history and for whoever is told", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.doomed.set("solr", "ImagePullBackOff");
    await fake.builder("builder-1").run();
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(storedRun(fake)).toMatchObject({ phase: "failed", failure: { code: "PODS_FAILED" } });
    expect(pastRuns(fake)).toEqual(["failed PODS_FAILED"]);
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "failed"]);
    expect(fake.said).toMatch(/run \S+ had already failed, \S+ is gone; live is still prod-old01/);
  });

  it.each([
    ["no run ever was", 0],
    ["the last run succeeded", 1],
  ])("has nothing to do when %s, says so and exits 0", async (_, runs) => {
    const fake = createFakeWorld({ live: {} });
    if (runs > 0) await fake.builder("builder-1").run();
    const before = fake.namespaces;
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(fake.said).toContain("nothing to abort");
    expect(fake.namespaces).toEqual(before);
    expectSound(fake);
  });

  it("does not delete a release that a swap, undone just now, had put into resolvers", async () => {
    const fake = createFakeWorld({ live: { ttl: 3_600 }, mappings: twoZones });
    denyWrites(fake, "other");
    expect(await fake.builder("builder-1").run()).toEqual({ code: 75 });
    expect(await fake.builder("abort-1").run(abortRun)).toMatchObject({
      code: 3,
      error: { code: "INTERLOCK" },
    });
    expect(fake.invariants.violations).toEqual([]);
    expect(fake.live).toEqual(["prod-old01"]);
    await fake.clock.sleep(3 * hour);
    expect(await fake.builder("abort-2").run(abortRun)).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("can be repeated after it was killed at any moment", async () => {
    for (let index = 0; index < 12; index += 1) {
      const fake = createFakeWorld({ live: {} });
      const first = fake.builder("builder-1");
      fake.when("after", "harvester.startList", () => first.kill());
      await first.run();
      await fake.builder("abort-1", { crashAt: { index, when: "after" } }).run(abortRun);
      expect(await fake.builder("abort-2").run(abortRun)).toEqual({ code: 0 });
      expect(fake.namespaces).toEqual(["prod-old01"]);
      expect(storedRun(fake).phase).toBe("aborted");
      expectSound(fake);
    }
  });

  it("removes what a run left that was rolled back, as its last lines say", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "dns.change", () =>
      fake.clock.at(
        fake.clock.now() + minute,
        () => (fake.cluster.require(newRelease(fake)).siteStatus = 500),
      ),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(fake.said).toContain("drop:   kubectl powo abort");
    await fake.clock.sleep(3 * hour);
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(fake.said).toContain("had already been rolled back");
    expect(storedRun(fake).phase).toBe("rolled-back");
    expect(fake.namespaces).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("is refused, naming rollback, for a run that failed with its names moved", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("before", "releases.uninstall", () => first.kill());
    await first.run();
    fake.zones.get("site")!.put({ name: "prod.example.", type: "A", ttl: 300, rrdatas: ["198.51.100.7"] });
    await fake.builder("builder-2").run();
    expect(storedRun(fake).phase).toBe("failed");
    expect(await fake.builder("abort-1").run(abortRun)).toMatchObject({
      code: 3,
      error: { code: "ABORT_TOO_LATE", hint: expect.stringContaining("rollback") },
    });
    expect(fake.namespaces).toContain(newRelease(fake));
  });
});
