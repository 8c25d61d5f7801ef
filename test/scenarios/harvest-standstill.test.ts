/** What counts as standing still, as dead and as too long in a harvest: only what really is. */
import { describe, expect, it } from "vitest";
import { answered } from "../fakes/faults.ts";
import { createFakeWorld, type FakeWorld, type FakeWorldOptions } from "../fakes/world.ts";
import { expectSound, jobRuns, listed, minute, newRelease, storedRun } from "./seen.ts";

/** A world in which the second job of the list fails the first time. */
function worldThatRetries(options: FakeWorldOptions): FakeWorld {
  const fake = createFakeWorld({ live: {}, ...options });
  fake.when("after", "harvester.startList", ({ args }) => {
    const { harvester } = fake.cluster.require(String(args[0]));
    harvester.outcomes.set(listed(fake)[1]!, { exitCode: "FAILED" });
  });
  fake.when("before", "harvester.startJob", ({ args }) => {
    fake.cluster.require(String(args[0])).harvester.outcomes.clear();
  });
  return fake;
}

/** The document with jobs that read so much that records are seen to move: they are counted in hundreds. */
function largeJobs(): FakeWorldOptions["document"] & object {
  const document = structuredClone(createFakeWorld().document);
  for (const { parameters } of document.jobConfigurations) parameters["sandbox.records"] = "40000";
  return document;
}

/** The document's jobs in two lists, `1` and `2`. */
function twoLists(): FakeWorldOptions {
  const document = structuredClone(createFakeWorld().document);
  const [first] = document.jobLists;
  const jobs = first!.jobConfigurations;
  document.jobLists = [
    { ...first!, jobConfigurations: jobs.slice(0, 2) },
    { ...first!, identifier: "2", description: "the rest", jobConfigurations: jobs.slice(2) },
  ];
  return { live: {}, document };
}

describe("a job that is run again on its own", () => {
  it("is not begun a second time because the harvester had restarted before, while nothing ran", async () => {
    const fake = worldThatRetries({ harvester: { jobMs: 20 * minute } });
    fake.when("after", "harvester.startList", ({ args }) =>
      fake.clock.at(fake.clock.now() + 80 * minute + 15_000, () => {
        fake.cluster.require(String(args[0])).pods["harvester"]!.restarts += 1;
      }),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([listed(fake)[1], listed(fake)[3]]);
    expectSound(fake);
  });

  it("does not stand still as long as its records move, however short HARVEST_STALL_TIMEOUT", async () => {
    const fake = worldThatRetries({
      document: largeJobs(),
      settings: { HARVEST_STALL_TIMEOUT: "3m", HARVEST_POLL_INTERVAL: "10s" },
      harvester: { jobMs: 20 * minute },
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toHaveLength(2);
    expectSound(fake);
  });

  it("is started again where its start never arrived: how it had ended before is no result", async () => {
    const fake = worldThatRetries({ settings: { STRICT_ERROR_CHECKING: "true" } });
    fake.faults.add({ calls: "harvester.startJob", times: 1 });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([listed(fake)[1], listed(fake)[3]]);
    expectSound(fake);
  });

  it("after a wedge has the index jobs behind it run again as well", async () => {
    const document = structuredClone(createFakeWorld().document);
    const index = document.jobConfigurations.find(({ jobName }) => jobName === "ReIndex")!;
    document.jobConfigurations.push({ ...index, identifier: "early-index" });
    const [first, second, third, last] = document.jobLists[0]!.jobConfigurations;
    document.jobLists[0]!.jobConfigurations = [first!, "early-index", second!, third!, last!];
    const fake = createFakeWorld({ live: {}, document, settings: { HARVEST_JOB_RETRIES: "0" } });
    fake.when("after", "harvester.startList", ({ args }) => {
      const { harvester } = fake.cluster.require(String(args[0]));
      harvester.outcomes.set(first!, { exitCode: "STOPPED" });
      fake.clock.at(fake.clock.now() + 25 * minute, () => fake.cluster.restart(String(args[0]), "harvester"));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([first, "early-index", second, third, last]);
  });
});

describe("a list", () => {
  it("does not stand still as long as records move, however short HARVEST_STALL_TIMEOUT", async () => {
    const fake = createFakeWorld({
      live: {},
      document: largeJobs(),
      settings: { HARVEST_STALL_TIMEOUT: "3m", HARVEST_POLL_INTERVAL: "10s" },
      harvester: { jobMs: 20 * minute },
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expectSound(fake);
  });

  it("that moves on though its pod has restarted is left alone: nothing is started beside it", async () => {
    const fake = createFakeWorld({ live: {}, harvester: { jobMs: 30 * minute } });
    fake.when("after", "harvester.startList", ({ args }) =>
      fake.clock.at(fake.clock.now() + 10 * minute, () => {
        fake.cluster.require(String(args[0])).pods["harvester"]!.restarts += 1;
      }),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toContain("checking whether its job still runs");
    expect(jobRuns(fake)).toEqual([]);
    expect(storedRun(fake).harvest?.[0]?.rescued).toBeUndefined();
    expectSound(fake);
  });

  it.each([
    [1, { code: 0 }],
    [3, { code: 0 }],
    [4, { code: 1 }],
  ])(
    "that a proxy answers for with nothing, %d times in a row, is lost after three intervals",
    async (times, end) => {
      const fake = createFakeWorld({ live: {} });
      const builder = fake.builder("builder-1");
      const { harvester } = builder.world.ports;
      const findList = harvester.findList.bind(harvester);
      let polls = 0;
      harvester.findList = async (...where) => {
        polls += 1;
        return polls > 10 && polls <= 10 + times ? undefined : findList(...where);
      };
      expect(await builder.run()).toEqual(end);
      expect(storedRun(fake).failure?.code).toBe(end.code === 0 ? undefined : "DATABASE_LOST");
      expectSound(fake);
    },
  );

  it("after another one has no HARVEST_TIMEOUT of its own: it is for all of them together", async () => {
    const fake = createFakeWorld({
      ...twoLists(),
      settings: { JOB_LIST: "1,2", HARVEST_TIMEOUT: "1h" },
      harvester: { jobMs: 20 * minute },
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("HARVEST_TIMEOUT");
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("after another one is loaded like the first", async () => {
    const fake = createFakeWorld({ ...twoLists(), settings: { JOB_LIST: "1,2" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.cluster.require(newRelease(fake)).harvester.starts).toBe(2);
    expectSound(fake);
  });
});

describe("a harvester that comes back after minutes", () => {
  const minutes = [4, 9];
  it.each(minutes)("(%d) and knows no list for one look has not lost its database", async (away) => {
    const fake = createFakeWorld({ live: {} });
    const builder = fake.builder("builder-1");
    const { harvester } = builder.world.ports;
    const findList = harvester.findList.bind(harvester);
    let from = Infinity;
    let empty = 0;
    fake.when("after", "harvester.startList", () => (from = fake.clock.now() + 5 * minute));
    harvester.findList = async (...where) => {
      const since = fake.clock.now() - from;
      if (since >= 0 && since < away * minute) throw answered("the harvester", 502);
      if (since >= 0 && empty++ === 0) return undefined;
      return findList(...where);
    };
    expect(await builder.run()).toEqual({ code: 0 });
    expect(empty).toBeGreaterThan(0);
    expectSound(fake);
  });
});
