/** What time alone doesn't tell: an outage from a stall, a job that has died from one that was started after a restart. */
import { describe, expect, it } from "vitest";
import { createFakeWorld, type FakeWorld, type FakeWorldOptions } from "../fakes/world.ts";
import { expectSound, hour, jobRuns, listed, minute, storedRun } from "./seen.ts";

/** The document with jobs that read so little that no record is seen to move: they are counted in hundreds. */
function smallJobs(): FakeWorldOptions["document"] & object {
  const document = structuredClone(createFakeWorld().document);
  for (const { parameters } of document.jobConfigurations) parameters["sandbox.records"] = "50";
  return document;
}

describe("a harvester that is away while its list stands still", () => {
  it.each(["HARVEST_STALL_TIMEOUT", "HARVEST_WEDGE_TIMEOUT"])(
    "has not stood still for that time: %s counts only while it can be asked",
    async (limit) => {
      const settings = { RETRY_TIMEOUT: "1h", HARVEST_STALL_TIMEOUT: "6h", HARVEST_WEDGE_TIMEOUT: "6h" };
      const fake = createFakeWorld({
        live: {},
        settings: { ...settings, [limit]: "25m" },
        document: smallJobs(),
        harvester: { jobMs: 40 * minute },
      });
      // For half of every job: after 10 minutes its records are looked at for the first time, and have "moved" from nothing to 0.
      fake.when("after", "harvester.startList", () => {
        for (const job of listed(fake).keys())
          fake.clock.at(fake.clock.now() + (job * 40 + 13) * minute, () =>
            fake.faults.add({ calls: /^harvester\./, forMs: 20 * minute }),
          );
      });
      expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
      expect(fake.effects("cluster.deletePod")).toEqual([]);
      expect(jobRuns(fake)).toEqual([]);
      expectSound(fake);
    },
  );
});

describe("a call that can't be repeated, whose builder died while it was on its way", () => {
  it.each([
    ["harvester.importData", "; imported "],
    ["harvester.startList", "started list"],
  ])("is waited for by the next builder, which makes none of its own: %s", async (call, unsaid) => {
    const make = () => createFakeWorld({ live: {} });
    const reference = make();
    await reference.builder("builder-1").run();
    const index = reference.history.findIndex(({ name }) => name === call);
    const fake = make();
    const crashAt = { index, when: "late" } as const;
    expect(await fake.builder("builder-1", { crashAt }).run()).toEqual({ code: "killed" });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.history.filter(({ name }) => name === call)).toHaveLength(1);
    expect(fake.said).not.toContain(unsaid);
    expectSound(fake);
  });
});

describe("a builder that was away for the whole watch and drain", () => {
  const away = async (sick: boolean): Promise<FakeWorld> => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "dns.change", () => fake.clock.at(fake.clock.now() + minute, () => first.kill()));
    expect(await first.run()).toEqual({ code: "killed" });
    if (sick) fake.cluster.require(storedRun(fake).release).siteStatus = 500;
    await fake.clock.sleep(6 * hour);
    return fake;
  };

  it("looks at the new site before anything old is deleted, and puts the names back where it is sick", async () => {
    const fake = await away(true);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("ROLLED_BACK");
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("looks at it once where it is well", async () => {
    const fake = await away(false);
    const before = fake.calls.length;
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    const probes = fake.calls.slice(before).filter(({ name }) => name === "site.probe");
    expect(probes).toHaveLength(fake.mappings.length);
    expectSound(fake);
  });
});

describe("a job that is run on its own after a restart of the harvester", () => {
  it.each([1, 5, 15, 30, 45, 59])("%d s after the list was over is run once", async (seconds) => {
    const fake = createFakeWorld({
      ...{ live: {}, document: smallJobs() },
      harvester: { jobMs: 20 * minute },
    });
    fake.when("after", "harvester.startList", ({ args }) => {
      const release = String(args[0]);
      const { harvester, pods } = fake.cluster.require(release);
      harvester.outcomes.set(listed(fake)[1]!, { exitCode: "FAILED" });
      const over = fake.clock.now() + listed(fake).length * 20 * minute;
      fake.clock.at(over + seconds * 1_000, () => (pods["harvester"]!.restarts += 1));
    });
    fake.when("before", "harvester.startJob", ({ args }) =>
      fake.cluster.require(String(args[0])).harvester.outcomes.clear(),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([listed(fake)[1], listed(fake).at(-1)]);
    expectSound(fake);
  });
});
