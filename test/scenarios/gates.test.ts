/** Counts by kind, old against new, and what was lost by source. */
import { describe, expect, it } from "vitest";
import { historySchema } from "../../src/domain/history.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { rejected } from "./retrying.ts";
import { expectSound, storedRun } from "./seen.ts";

function shrink(fake: FakeWorld, filter: string, factor: number): void {
  fake.when("after", "harvester.startList", ({ args }) => {
    fake.cluster.require(String(args[0])).harvester.taxonFactors?.set(filter, factor);
  });
}

function lastEntry(fake: FakeWorld) {
  return historySchema.parse(JSON.parse(fake.store.state?.history ?? "")).runs.at(-1);
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
    expect(failure?.hint).toContain("kubectl logs -n");
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

  it("waits for a count that the new site can't give, then rejects it, naming the count", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.brokenFilters.add("has_images");
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    const { failure, gate } = storedRun(fake);
    expect(failure).toMatchObject({ code: "GATE_COUNTS", step: "verify-release" });
    expect(failure?.message).toMatch(/finds no number of taxa with images \(.*500\), live has 170,\d\d\d/);
    expect(gate?.unanswered).toMatchObject([{ kind: "images" }]);
    expect(gate?.kinds?.map(({ kind }) => kind)).not.toContain("images");
    const step = storedRun(fake).steps.find(({ name }) => name === "verify-release");
    expect(Date.parse(step?.finishedAt ?? "") - Date.parse(step?.startedAt ?? "")).toBeGreaterThan(599_000);
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("takes the count when it is answered in time, and does not want one that the live site can't give either", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.require("prod-old01").harvester.brokenFilters.add("genus_f");
    fake.when("after", "harvester.startList", ({ args }) => {
      const { brokenFilters } = fake.cluster.require(String(args[0])).harvester;
      brokenFilters.add("has_images").add("genus_f");
      fake.clock.at(fake.clock.now() + 45 * 60_000, () => brokenFilters.delete("has_images"));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).gate?.kinds?.find(({ kind }) => kind === "images")?.live).toBeGreaterThan(0);
    expect(storedRun(fake).gate?.unanswered).toBeUndefined();
  });

  it("rejects a portal that forgot the filters that the live one knows, unless a share of 0 is wanted", async () => {
    const forgetful = (settings: Record<string, string>) => {
      const fake = createFakeWorld({ live: {}, settings });
      fake.when("after", "harvester.startList", ({ args }) => {
        fake.cluster.require(String(args[0])).harvester.taxonFactors = undefined;
      });
      return fake;
    };
    const fake = forgetful({});
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.message).toContain("its search does not know the filter");
    const kinds = ["accepted", "images", "families", "genera", "species", "infraspecies"];
    const other = forgetful({ GATE_MIN_SHARES: kinds.map((kind) => `${kind}=0`).join(",") });
    expect(await other.builder("builder-1").run()).toEqual({ code: 0 });
  });

  it("goes on later where the new site is away altogether: that is an outage, no count", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.faults.add({ calls: "site.countTaxa", forMs: 3_600_000 });
    fake.faults.add({ calls: "site.totalResults", skip: 1, forMs: 3_600_000 });
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    fake.faults.clear();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
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

describe("a maintenance page", () => {
  it("is no answer of a healthy site before the swap", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).isMaintained = true;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("GATE_ANSWER");
    expect(fake.live).toEqual(["prod-old01"]);
  });

  it("is none after it: the old records are put back", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "dns.change", () => {
      fake.cluster.require(fake.live[0]!).isMaintained = true;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("ROLLED_BACK");
    expect(fake.live).toEqual(["prod-old01"]);
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
