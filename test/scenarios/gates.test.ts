/** Counts by kind, old against new; what was lost by source; and a person who accepts it for one run. */
import { describe, expect, it } from "vitest";
import { historySchema } from "../../src/domain/history.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { expectSound, newRelease, pastRuns, storedRun } from "./seen.ts";

function shrink(fake: FakeWorld, filter: string, factor: number): void {
  fake.when("after", "harvester.startList", ({ args }) => {
    fake.cluster.require(String(args[0])).harvester.taxonFactors?.set(filter, factor);
  });
}

function lastEntry(fake: FakeWorld) {
  return historySchema.parse(JSON.parse(fake.store.state?.history ?? "")).runs.at(-1);
}

/** A run that finds half of the images, and is rejected for it. */
async function rejected(settings: Record<string, string> = {}): Promise<FakeWorld> {
  const fake = createFakeWorld({ live: {}, settings });
  shrink(fake, "has_images", 0.5);
  expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
  return fake;
}

describe("the gate counts by kind of taxon", () => {
  it("keeps the comparison with the run and in the history, and says it in the log", async () => {
    const fake = createFakeWorld({ live: {} });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const { gate } = storedRun(fake);
    expect(gate?.kinds?.map(({ kind }) => kind)).toEqual([
      "accepted",
      "images",
      "families",
      "genera",
      "species",
      "infraspecies",
    ]);
    expect(gate?.kinds?.every(({ found, live }) => found === live)).toBe(true);
    expect(lastEntry(fake)?.gate).toEqual(gate);
    expect(fake.said).toMatch(
      /verify-release: new site against live:\n {2}results +1,4\d\d,\d\d\d +live 1,4/,
    );
  });

  it("rejects a site that lost half of its images though it finds as many taxa", async () => {
    const fake = await rejected();
    const { failure, gate } = storedRun(fake);
    expect(failure).toMatchObject({ code: "GATE_COUNTS" });
    expect(failure?.message).toMatch(/finds 85,\d\d\d taxa with images, live has 170,\d\d\d, at least 153,/);
    expect(failure?.details?.join("\n")).toMatch(/taxa with images +85,.*-50\.0 % +too few: at least 153,/);
    expect(failure?.hint).toContain(`GATE_ACCEPT="${storedRun(fake).runId}: WHY"`);
    expect(lastEntry(fake)?.gate).toEqual(gate);
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("lets it pass where GATE_MIN_SHARES says so for that kind alone", async () => {
    const fake = createFakeWorld({ live: {}, settings: { GATE_MIN_SHARES: "images=0.4" } });
    shrink(fake, "has_images", 0.5);
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const other = createFakeWorld({ live: {}, settings: { GATE_MIN_SHARES: "images=0.4" } });
    shrink(other, "genus_f", 0.5);
    expect(await other.builder("builder-1").run()).toEqual({ code: 1 });
  });

  it("compares nothing by kind where the portal does not know the filters", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.require("prod-old01").harvester.taxonFactors = undefined;
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.taxonFactors = undefined;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).gate?.kinds).toBeUndefined();
    expect(storedRun(fake).gate?.results).toBeGreaterThan(0);
  });
});

describe("losses by source", () => {
  it("are named, largest first, against the last run that went live", async () => {
    const fake = createFakeWorld({ live: {} });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const list = fake.document.jobLists[0]!.jobConfigurations;
    const sources = fake.document.jobConfigurations
      .filter(({ identifier, jobName }) => list.includes(identifier) && jobName !== "ReIndex")
      .slice(0, 2);
    expect(sources).toHaveLength(2);
    fake.when("after", "harvester.startList", ({ args }) => {
      const { outcomes } = fake.cluster.require(String(args[0])).harvester;
      for (const { identifier } of sources) outcomes.set(identifier, { exitCode: "FAILED" });
    });
    const settings = { GATE_MIN_SHARE: "0", HARVEST_JOB_RETRIES: "0" };
    expect(await fake.builder("builder-2", { settings }).run()).toEqual({ code: 0 });
    const losses = storedRun(fake).gate?.losses ?? [];
    expect(losses.map(({ source }) => source).sort()).toEqual(
      sources.map(({ description }) => description.replace(/^Harvest /, "")).sort(),
    );
    const lost = losses.map(({ before, records }) => before - records);
    expect(lost).toEqual(lost.toSorted((one, other) => other - one));
    expect(fake.said).toContain("sources that lost most since the last run that went live:");
  });
});

describe("GATE_ACCEPT", () => {
  const accept = (fake: FakeWorld, reason = "Grassbase was withdrawn") => ({
    settings: { GATE_ACCEPT: `${storedRun(fake).runId}: ${reason}` },
    job: "accept-ada",
  });

  it("lets the next run go live with what the rejected one had found; who, when and why are kept", async () => {
    const fake = await rejected();
    const [before, left] = [storedRun(fake).runId, newRelease(fake)];
    shrink(fake, "has_images", 0.5);
    expect(await fake.builder("builder-2", accept(fake)).run()).toEqual({ code: 0 });
    const accepted = storedRun(fake).gate?.accepted;
    expect(accepted).toMatchObject({ of: before, by: "accept-ada", reason: "Grassbase was withdrawn" });
    expect(accepted?.what.join()).toMatch(/85,\d\d\d taxa with images/);
    expect(Date.parse(accepted?.at ?? "")).toBeGreaterThan(0);
    expect(lastEntry(fake)?.gate?.accepted).toEqual(accepted);
    expect(fake.said).toContain("accepted by accept-ada");
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(newRelease(fake)).not.toBe(left);
    expectSound(fake);
  });

  it("holds for a builder that goes on with the run, and of itself for no further one", async () => {
    const fake = await rejected();
    const options = accept(fake);
    shrink(fake, "has_images", 0.5);
    const first = fake.builder("builder-2", options);
    const ended = first.run();
    await fake.clock.sleep(30 * 60_000);
    first.kill();
    expect(await ended).toEqual({ code: "killed" });
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    shrink(fake, "has_images", 0.2);
    expect(await fake.builder("builder-4", options).run()).toEqual({ code: 1 });
    expect(fake.said).toContain("it has no effect");
    expect(pastRuns(fake)).toEqual(["failed GATE_COUNTS", "succeeded", "failed GATE_COUNTS"]);
  });

  it("says so when it comes too late: to a run under way, or to one that goes on", async () => {
    const fake = await rejected();
    const options = accept(fake);
    const scheduled = fake.builder("builder-2");
    const ended = scheduled.run();
    await fake.clock.sleep(30 * 60_000);
    const { runId } = storedRun(fake);
    expect(await fake.builder("builder-3", options).run()).toEqual({ code: 0 });
    scheduled.kill();
    await ended;
    expect(await fake.builder("builder-4", options).run()).toEqual({ code: 0 });
    const late = fake.lines.filter(({ message }) =>
      message.includes(`GATE_ACCEPT comes too late for run ${runId}`),
    );
    expect(late.map(({ builder }) => builder)).toEqual(["builder-3", "builder-4"]);
    expect(storedRun(fake)).toMatchObject({ runId, phase: "succeeded" });
    expect(storedRun(fake).acceptance).toBeUndefined();
  });

  it("still holds after a run in between that was aborted", async () => {
    const fake = await rejected();
    const options = accept(fake);
    const scheduled = fake.builder("builder-2").run();
    await fake.clock.sleep(30 * 60_000);
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    await scheduled;
    shrink(fake, "has_images", 0.5);
    expect(await fake.builder("builder-3", options).run()).toEqual({ code: 0 });
    expect(pastRuns(fake)).toEqual(["failed GATE_COUNTS", "aborted ABORTED", "succeeded"]);
  });

  it("accepts neither less than the rejected run had, nor of another kind", async () => {
    const less = await rejected();
    shrink(less, "has_images", 0.4);
    expect(await less.builder("builder-2", accept(less)).run()).toEqual({ code: 1 });
    expect(storedRun(less).failure?.details).toContain(
      `this is less than what was accepted after run ${storedRun(less).acceptance?.of}`,
    );
    const other = await rejected();
    shrink(other, "genus_f", 0.5);
    expect(await other.builder("builder-2", accept(other)).run()).toEqual({ code: 1 });
    expect(other.live).toEqual(["prod-old01"]);
  });

  it("is no way around a sentinel or a failed job", async () => {
    const strict = { STRICT_ERROR_CHECKING: "true" };
    const fake = createFakeWorld({ live: {}, settings: strict });
    const bad = fake.document.jobLists[0]!.jobConfigurations[0]!;
    const fail = () =>
      fake.when("after", "harvester.startList", ({ args }) => {
        fake.cluster.require(String(args[0])).harvester.outcomes.set(bad, { exitCode: "FAILED" });
      });
    fail();
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    fail();
    expect(await fake.builder("builder-2", accept(fake)).run()).toEqual({ code: 1 });
    expect(pastRuns(fake)).toEqual(["failed HARVEST_JOBS_FAILED", "failed HARVEST_JOBS_FAILED"]);
    expect(storedRun(fake).acceptance).toBeUndefined();
    const lost = createFakeWorld({ live: {}, settings: { GATE_SENTINELS: "none-such" } });
    const lose = () =>
      lost.when("after", "harvester.startList", ({ args }) => {
        lost.cluster.require(String(args[0])).harvester.missingTaxa.add("none-such");
      });
    lose();
    expect(await lost.builder("builder-1").run()).toEqual({ code: 1 });
    lose();
    expect(await lost.builder("builder-2", accept(lost)).run()).toEqual({ code: 1 });
    expect(storedRun(lost).failure?.code).toBe("GATE_SENTINELS");
  });
});
