/** When a run can't be opened again, and who comes first. */
import { describe, expect, it } from "vitest";
import { abortRun } from "../../src/operate/abort-run.ts";
import { readStatus } from "../../src/operate/status.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import type { Verb } from "../fakes/builder.ts";
import { accepting, rejected, retry } from "./retrying.ts";
import { expectSound, harvesterOf, hour, minute, newRelease, pastRuns, storedRun } from "./seen.ts";

function missTaxon(fake: FakeWorld): void {
  fake.when("after", "harvester.startList", ({ args }) => {
    fake.cluster.require(String(args[0])).harvester.missingTaxa.add("taxon-1");
  });
}

describe("retry is refused, and nothing changes,", () => {
  const refused = async (fake: FakeWorld, code: string, verb: Verb = retry) => {
    const before = fake.store.state?.run;
    expect(await fake.builder("retry-1").run(verb)).toMatchObject({ code: 3, error: { code } });
    expect(fake.store.state?.run).toBe(before);
  };

  it("where no run has begun", () => refused(createFakeWorld({ live: {} }), "NOTHING_TO_RETRY"));

  it("after a success", async () => {
    const fake = createFakeWorld({ live: {} });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    await refused(fake, "NOTHING_TO_RETRY");
  });

  it("after an abort", async () => {
    const fake = await rejected();
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    await refused(fake, "NOTHING_TO_RETRY");
  });

  it("after a lost database", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", ({ args }) =>
      fake.clock.at(fake.clock.now() + 5 * minute, () =>
        fake.cluster.require(String(args[0])).harvester.loseDatabase(),
      ),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("DATABASE_LOST");
    expect(fake.said).not.toContain("go on:");
    await refused(fake, "NOTHING_TO_RETRY");
  });

  it("where the release is gone", async () => {
    const fake = await rejected();
    fake.cluster.uninstall(newRelease(fake));
    fake.cluster.delete(newRelease(fake));
    await fake.clock.sleep(hour);
    await refused(fake, "NOTHING_TO_RETRY");
  });

  it("while a builder is at work, whoever that is", async () => {
    const fake = createFakeWorld({ live: {} });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(20 * minute);
    expect(await fake.builder("retry-1").run(retry)).toMatchObject({
      code: 3,
      error: { code: "RUN_UNDER_WAY" },
    });
    expect(await running).toEqual({ code: 0 });
  });

  it.each([
    ["pods", (fake: FakeWorld) => fake.cluster.doomed.set("solr", "ImagePullBackOff"), {}],
    ["a deadline", () => undefined, { HARVEST_TIMEOUT: "10m" }],
    ["a sentinel", missTaxon, { GATE_SENTINELS: "taxon-1" }],
  ])("where %s were to be accepted", async (_, prepare, settings) => {
    const fake = createFakeWorld({ live: {}, settings });
    prepare(fake);
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    await refused(fake, "NOT_ACCEPTABLE", accepting());
  });

  it("for a mistake found on the way in, which is 2: the run stays failed", async () => {
    const fake = await rejected();
    const before = fake.store.state?.run;
    fake.zones.get("site")!.put({
      name: "prod.example.",
      type: "CNAME",
      ttl: 300,
      rrdatas: ["elsewhere.example."],
    });
    expect(await fake.builder("retry-1").run(retry)).toMatchObject({ code: 2 });
    expect(fake.store.state?.run).toBe(before);
  });
});

describe("retry among others", () => {
  it("of two at once one goes on, the other is refused", async () => {
    const fake = await rejected();
    harvesterOf(fake).taxonFactors?.set("has_images", 1);
    const outcomes = await Promise.all([
      fake.builder("retry-1").run(retry),
      fake.builder("retry-2").run(retry),
    ]);
    expect(outcomes.map(({ code }) => code).sort()).toEqual([0, 3]);
    expect(storedRun(fake).reopened).toHaveLength(1);
    expectSound(fake);
  });

  it("joined by a scheduled run, which says 0", async () => {
    const fake = await rejected();
    harvesterOf(fake).taxonFactors?.set("has_images", 1);
    const retrying = fake.builder("retry-1").run(retry);
    await fake.clock.sleep(minute);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(await retrying).toEqual({ code: 0 });
    expect(pastRuns(fake)).toEqual(["succeeded"]);
    expectSound(fake);
  });

  it("is resumed by a later pod of its Job, and by a run", async () => {
    for (const second of ["retry-1", "builder-2"]) {
      const fake = await rejected();
      harvesterOf(fake).taxonFactors?.set("has_images", 1);
      const first = fake.builder("retry-1-a", { job: "retry-1" });
      fake.when("after", "dns.change", () => first.kill());
      expect(await first.run(retry)).toEqual({ code: "killed" });
      const verb = second === "retry-1" ? retry : undefined;
      expect(await fake.builder(`${second}-b`, { job: second }).run(verb)).toEqual({ code: 0 });
      expect(storedRun(fake).reopened).toHaveLength(1);
      expectSound(fake);
    }
  });

  it("never reopens what its Job saw end", async () => {
    const fake = await rejected();
    expect(await fake.builder("retry-1-a", { job: "retry-1" }).run(retry)).toEqual({ code: 1 });
    expect(await fake.builder("retry-1-b", { job: "retry-1" }).run(retry)).toEqual({ code: 1 });
    expect(storedRun(fake).reopened).toHaveLength(1);
  });

  it("is not barred by a run that ended before it installed anything: that one is in the history alone", async () => {
    const fake = await rejected();
    const { runId } = storedRun(fake);
    const document = fake.data;
    fake.data = Buffer.from("{}");
    expect(await fake.builder("builder-2").run()).toEqual({ code: 2 });
    fake.data = document;
    expect(storedRun(fake).runId).toBe(runId);
    expect(pastRuns(fake)).toEqual(["failed GATE_COUNTS", "failed PREFLIGHT"]);
    const status = await readStatus(fake.builder("status-1").world, new AbortController().signal);
    expect(status.run).toMatchObject({
      runId,
      commands: { retry: expect.stringContaining("builder-retry") },
    });
    expect(status.later).toMatchObject({ phase: "failed", failure: { code: "PREFLIGHT" } });
    expect(await fake.builder("builder-2-b", { job: "builder-2" }).run()).toEqual({ code: 2 });
    expect(await fake.builder("retry-1").run(accepting())).toEqual({ code: 0 });
    expect(storedRun(fake)).toMatchObject({ runId, phase: "succeeded" });
    expectSound(fake);
  });

  it("is not barred by a run that was aborted in its preflight, whose abort leaves the failed one alone", async () => {
    const fake = await rejected();
    const { runId, release } = storedRun(fake);
    const second = fake.builder("builder-2");
    fake.when("after", "store.saveDocument", () => second.kill());
    expect(await second.run()).toEqual({ code: "killed" });
    expect(storedRun(fake).runId).not.toBe(runId);
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(fake.namespaces).toContain(release);
    expect(storedRun(fake).runId).toBe(runId);
    expect(await fake.builder("retry-1").run(accepting())).toEqual({ code: 0 });
    expectSound(fake);
  });

  it("goes with the failed release once the next run has installed", async () => {
    const fake = await rejected();
    const { release } = storedRun(fake);
    const second = fake.builder("builder-2");
    fake.when("after", "releases.install", () => second.kill());
    expect(await second.run()).toEqual({ code: "killed" });
    expect(fake.namespaces).not.toContain(release);
    expect(await fake.builder("retry-1").run(retry)).toMatchObject({ code: 3 });
  });
});
