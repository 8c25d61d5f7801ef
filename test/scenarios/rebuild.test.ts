/** Whole rebuilds that end well, and what they leave. */
import { describe, expect, it } from "vitest";
import { annotations } from "../../src/domain/names.ts";
import { createFakeWorld } from "../fakes/world.ts";
import {
  between,
  day,
  expectSound,
  hour,
  minute,
  newRelease,
  pastRuns,
  storedRun,
  twoZones,
} from "./seen.ts";

describe("a rebuild", () => {
  it("makes the first site of an environment where nothing is live, and creates the records", async () => {
    const fake = createFakeWorld();
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expect(fake.zones.get("site")?.find("prod.example.")?.ttl).toBe(300);
    expect(storedRun(fake).steps.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 7 }, () => "done"),
      "skipped",
    ]);
    expectSound(fake);
  });

  it("replaces the live release, deletes it, and notifies once of start and end", async () => {
    const fake = createFakeWorld({ live: {} });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "live"]);
    expect(pastRuns(fake)).toEqual(["succeeded"]);
    expect(fake.store.lease?.record.holder).toBeUndefined();
    expectSound(fake);
  });

  it("replaces the release that the original builder made without labels", async () => {
    const fake = createFakeWorld({ live: { labels: false } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("replaces an address that belongs to no release of the environment, and names it", async () => {
    const fake = createFakeWorld();
    fake.zones.get("site")?.put({ name: "prod.example.", type: "A", ttl: 600, rrdatas: ["198.51.100.7"] });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(fake.zones.get("site")?.find("prod.example.")?.ttl).toBe(600);
    expect(fake.said).toContain("prod.example. points at 198.51.100.7, which belongs to no release of prod");
    expectSound(fake);
  });

  it("moves the names of several zones", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(fake.effects("dns.change")).toHaveLength(2);
    expectSound(fake);
  });

  it("drains once, for twice the largest old TTL, whatever the number of names and zones", async () => {
    const fake = createFakeWorld({ live: { ttl: 1_800 }, mappings: twoZones });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const run = storedRun(fake);
    const waited = between(run.dns?.swappedAt, run.steps[6]?.finishedAt);
    expect(waited).toBe(hour);
    expectSound(fake);
  });

  it("leaves a release with the keep annotation, though it is replaced", async () => {
    const fake = createFakeWorld({ live: { keep: true } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toMatch(/prod-old01 stays for now: .*it carries the annotation powo.kew.org\/keep/);
    expect(fake.namespaces).toEqual([newRelease(fake), "prod-old01"].sort());
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("leaves the old release with DELETE_EXISTING=false, this time and the next", async () => {
    const fake = createFakeWorld({ live: {}, settings: { DELETE_EXISTING: "false" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const first = newRelease(fake);
    await fake.clock.sleep(7 * day);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual(["prod-old01", first, newRelease(fake)].sort());
    expectSound(fake);
  });

  it("keeps the old release for RETAIN_PREVIOUS, and removes it before a later install", async () => {
    const fake = createFakeWorld({ live: {}, settings: { RETAIN_PREVIOUS: "48h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toContain("prod-old01 is kept for 2d (RETAIN_PREVIOUS)");
    const first = newRelease(fake);
    const until = fake.cluster.require("prod-old01").annotations[annotations.retainUntil];
    expect(between(storedRun(fake).dns?.swappedAt, until)).toBe(48 * hour);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    const second = newRelease(fake);
    expect(fake.namespaces).toContain("prod-old01");
    await fake.clock.sleep(3 * day);
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([second, newRelease(fake)].sort());
    expect(fake.namespaces).not.toContain(first);
    expectSound(fake);
  });

  it("learns from one run how long the next will take", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    await fake.clock.sleep(7 * day);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.said).toMatch(/builder-2 await-harvest: usually takes 40m/);
    expect(pastRuns(fake)).toEqual(["succeeded", "succeeded"]);
    expectSound(fake);
  });
});

describe("an interrupted rebuild", () => {
  it("says 75 at SIGTERM, and the next builder goes on in the middle of the harvest", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.clock.at(fake.clock.now() + 20 * minute, () => first.terminate());
    expect(await first.run()).toMatchObject({ code: 75 });
    const { release, phase } = storedRun(fake);
    expect(phase).toBe("interrupted");
    expect(fake.store.lease?.record.holder).toBeUndefined();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.lines.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^list 1 goes on: \d+ of \d+ jobs have ended, now /),
    );
    expect(fake.live).toEqual([release]);
    expect(fake.cluster.require(release).harvester.starts).toBe(1);
    expectSound(fake);
  });

  it("goes on with the data that it began with, though the URL serves another document now", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("before", "releases.install", () => first.terminate());
    const first = fake.builder("builder-1");
    expect(await first.run()).toMatchObject({ code: 75 });
    const sha256 = fake.sha256();
    fake.data = Buffer.from(JSON.stringify({ ...fake.document, jobConfigurations: [] }));
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(storedRun(fake).inputs?.dataSha256).toBe(sha256);
    expect(fake.cluster.require(newRelease(fake)).harvester.imports).toBe(1);
  });

  it("goes on with the chart commit that it began with", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("before", "releases.install", () => first.terminate());
    await first.run();
    const { chartCommit } = storedRun(fake).inputs!;
    fake.chart.commit = "f".repeat(40);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(storedRun(fake).inputs?.chartCommit).toBe(chartCommit);
  });

  it("is closed as failed when its time is over, and a new run begins", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "harvester.importData", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    const lost = newRelease(fake);
    await fake.clock.sleep(7 * day);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(pastRuns(fake)).toEqual(["failed RUN_EXPIRED", "succeeded"]);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expect(newRelease(fake)).not.toBe(lost);
    expectSound(fake);
  });

  it("never expires once its list was started: a harvest is not thrown away", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "harvester.startList", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    const lost = newRelease(fake);
    await fake.clock.sleep(day);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(pastRuns(fake)).toEqual(["succeeded"]);
    expect(fake.live).toEqual([lost]);
  });

  it("is brought to its end however late, once the names point at the new release", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "dns.change", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    const release = newRelease(fake);
    await fake.clock.sleep(7 * day);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([release]);
    expect(pastRuns(fake)).toEqual(["succeeded"]);
    expectSound(fake);
  });

  it("is left to the builder that is at work: a second one says so and exits 0", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1").run();
    await fake.clock.sleep(15 * minute);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.said).toMatch(
      /builder-2 : another builder is at work: run prod-20261122-1200, await-harvest, job 2 of 4/,
    );
    expect(await first).toEqual({ code: 0 });
    expect(fake.cluster.require(newRelease(fake)).harvester.starts).toBe(1);
    expectSound(fake);
  });

  it("is taken over once the Lease has expired, where nobody can tell whether its builder lives", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1", { leaves: "unknown" });
    fake.when("after", "harvester.startList", () => first.kill());
    await first.run();
    const before = fake.clock.now();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    const { since = "" } = storedRun(fake).builders[1] ?? {};
    expect(Date.parse(since) - before).toBeGreaterThan(45_000);
    expect(Date.parse(since) - before).toBeLessThanOrEqual(91_000);
    expectSound(fake);
  });
});
