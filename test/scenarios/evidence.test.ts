/** The black box: what is kept of a release when it is deleted, for whoever asks why afterwards. */
import { describe, expect, it } from "vitest";
import { addEvidence, type Evidence, evidenceLines } from "../../src/domain/evidence.ts";
import { namespaceLabels } from "../../src/domain/names.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { evidenceAttachment, keptEvidence, packEvidence } from "../../src/steps/keep-evidence.ts";
import type { Verb } from "../fakes/builder.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { expectSound, minute, newRelease } from "./seen.ts";

const cleanup: Verb = async (world, signal) => {
  await cleanUp(world, signal);
  return 0;
};

function kept(fake: FakeWorld): Evidence[] {
  const text = fake.store.state?.attachments.get(evidenceAttachment);
  return keptEvidence(text === undefined ? undefined : Buffer.from(text, "base64"));
}

/** A run whose solr never starts; the failed build stays. */
async function failedBuild(fake: FakeWorld): Promise<string> {
  fake.cluster.doomed.set("solr", "ImagePullBackOff");
  fake.when("after", "releases.install", () => {
    const solr = fake.cluster.require(newRelease(fake)).pods["solr"]!;
    solr.logs = Array.from({ length: 50 }, (_, index) => `line ${index + 1} ${"x".repeat(400)}`);
  });
  await fake.builder("builder-1").run();
  fake.cluster.doomed.clear();
  return newRelease(fake);
}

describe("the evidence", () => {
  it("of a failed build is kept when the next run removes it: pods, and the last lines of what failed", async () => {
    const fake = createFakeWorld({ live: {} });
    const failed = await failedBuild(fake);
    expect(kept(fake)).toEqual([]);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(kept(fake).map(({ release }) => release)).toEqual([failed, "prod-old01"]);
    const [evidence] = kept(fake);
    expect(evidence?.pods[0]).toMatchObject({
      name: "solr-0",
      ready: false,
      containers: [{ reason: "ImagePullBackOff", state: "waiting" }],
    });
    expect(evidence?.logs).toHaveLength(1);
    expect(evidence?.logs[0]?.lines).toHaveLength(20);
    expect(evidence?.logs[0]?.lines[19]).toMatch(/^line 50 x+…$/);
    const lines = evidenceLines(evidence!).join("\n");
    expect(lines).toContain(`what was there of ${failed} when it was removed`);
    expect(lines).toContain("ImagePullBackOff");
    expect(lines).toContain("last lines of solr-0, container solr");
    expectSound(fake);
  });

  it("has the last lines of what ran and never became ready, after those of what failed", async () => {
    const fake = createFakeWorld({ live: {}, settings: { PODS_TIMEOUT: "90s" } });
    fake.when("after", "releases.install", () => {
      const { pods } = fake.cluster.require(newRelease(fake));
      Object.assign(pods["db"]!, { readyAt: Infinity, logs: ["mysqld: waiting for its volume"] });
      Object.assign(pods["solr"]!, { readyAt: Infinity, restarts: 1, logs: ["out of memory"] });
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    await fake.builder("cleanup-1").run(cleanup);
    expect(kept(fake)[0]?.logs.map(({ pod, lines }) => [pod, ...lines])).toEqual([
      ["solr-0", "out of memory"],
      ["db-0", "mysqld: waiting for its volume"],
    ]);
  });

  it("is kept by abort, and by cleanup with and without a builder at work", async () => {
    const fake = createFakeWorld({ live: {} });
    const failed = await failedBuild(fake);
    await fake.builder("cleanup-1").run(cleanup);
    expect(kept(fake).map(({ release }) => release)).toEqual([failed]);
    const running = fake.builder("builder-2").run();
    await fake.clock.sleep(20 * minute);
    const aborted = newRelease(fake);
    fake.cluster.create("prod-bad01", namespaceLabels("prod", "prod-20261108-1200"));
    fake.cluster.install("prod-bad01", fake.clock.now() - 1_000_000);
    await fake.builder("cleanup-2").run(cleanup);
    expect(fake.namespaces).not.toContain("prod-bad01");
    expect(kept(fake).map(({ release }) => release)).toEqual([failed, "prod-bad01"]);
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(await running).toEqual({ code: 1 });
    expect(kept(fake).map(({ release }) => release)).toContain(aborted);
    expectSound(fake);
  });

  it.each(["cluster.findPods", "cluster.logs", "cluster.warnings"])(
    "that can't be had does not keep the release from being removed (%s is away)",
    async (call) => {
      const fake = createFakeWorld({ live: {} });
      await failedBuild(fake);
      const began = fake.clock.now();
      fake.when("before", "releases.uninstall", () => fake.faults.clear());
      fake.faults.add({ calls: call, forMs: 10 * minute });
      const gone = fake.builder("cleanup-1").run(cleanup);
      expect(await gone).toEqual({ code: 0 });
      expect(fake.namespaces).toEqual(["prod-old01"]);
      const uninstalled = fake.effects("releases.uninstall").at(-1)!.at;
      expect(uninstalled - began).toBeLessThanOrEqual(6_000);
      expectSound(fake);
    },
  );
});

describe("what is kept of evidence", () => {
  const one = (release: string): Evidence => ({
    release,
    takenAt: "2026-11-22T12:00:00.000Z",
    pods: [{ name: "solr-0", phase: "Running", ready: true, containers: [] }],
    morePods: 0,
    warnings: [],
    logs: [{ pod: "solr-0", container: "solr", lines: Array.from({ length: 20 }, () => noise()) }],
  });
  let state = 1;
  const noise = () =>
    Array.from({ length: 300 }, () => {
      state = (state * 48_271) % 2_147_483_647;
      return String.fromCharCode(33 + (state % 90));
    }).join("");

  it("is that of the last four releases", () => {
    const names = ["a", "b", "c", "d", "e", "b"];
    const all = names.reduce<Evidence[]>((sum, release) => addEvidence(sum, one(release)), []);
    expect(all.map(({ release }) => release)).toEqual(["c", "d", "e", "b"]);
  });

  it("is bounded: what is too large loses the oldest logs first", () => {
    const packed = packEvidence(["a", "b", "c", "d"].map(one), 12_000);
    expect(packed.byteLength).toBeLessThanOrEqual(12_000);
    const left = keptEvidence(packed);
    expect(left.map(({ release }) => release)).toEqual(["a", "b", "c", "d"]);
    expect(left.map(({ logs }) => logs.length)).toEqual([0, 0, 1, 1]);
    expect(keptEvidence(packEvidence(["a"].map(one), 10))).toEqual([]);
  });

  it("is nothing where it can't be read", () => {
    expect(keptEvidence(Buffer.from("rubbish"))).toEqual([]);
  });
});
