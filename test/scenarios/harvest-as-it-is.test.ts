/** What the real harvester does that nobody would expect of it (seen on its own program), and what becomes of the run. */
import { describe, expect, it } from "vitest";
import type { HarvesterModel } from "../sandbox/harvester/model.ts";
import { createFakeWorld, type FakeWorld, type FakeWorldOptions } from "../fakes/world.ts";
import { expectSound, harvesterOf, hour, jobRuns, listed, minute, storedRun } from "./seen.ts";

const strict = { STRICT_ERROR_CHECKING: "true", HARVEST_JOB_RETRIES: "0" };

/** A world whose harvester can be meddled with as soon as the list was started. */
function worldWith(
  meddle: (harvester: HarvesterModel, fake: FakeWorld, release: string) => void,
  options: FakeWorldOptions = {},
): FakeWorld {
  const fake = createFakeWorld({ live: {}, ...options });
  fake.when("after", "harvester.startList", ({ args }) =>
    meddle(fake.cluster.require(String(args[0])).harvester, fake, String(args[0])),
  );
  return fake;
}

const after = (fake: FakeWorld, ms: number, act: () => void) => fake.clock.at(fake.clock.now() + ms, act);
const inMinutes = (fake: FakeWorld, from: number) => (fake.clock.now() - from) / minute;

describe("a list that is Completed before its last job has ended", () => {
  it("is read again: that job did not fail", async () => {
    const fake = worldWith(() => undefined, {
      harvester: { jobMs: 10 * minute, completedAheadMs: 50_000 },
      settings: { ...strict, HARVEST_POLL_INTERVAL: "10s" },
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([]);
    expect(storedRun(fake).harvest?.[0]).toMatchObject({ badCount: 0 });
    expectSound(fake);
  });

  it("and whose last job goes on for long is waited for, and nothing is started beside it", async () => {
    const fake = worldWith(() => undefined, {
      harvester: { jobMs: 20 * minute, completedAheadMs: 15 * minute },
      settings: strict,
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([]);
    expect(fake.said).toContain("1 of 4 jobs have not ended though the list is over");
    expectSound(fake);
  });
});

describe("a list that is Completed with a job that never ran", () => {
  it("has that job run, and the index job after it", async () => {
    const fake = worldWith(
      (harvester, world) => {
        const list = harvester.list.bind(harvester);
        let isSkipped = true;
        world.when("before", "harvester.startJob", () => (isSkipped = false));
        harvester.list = (name) => {
          const answer = structuredClone(list(name));
          const { jobConfigurations } = answer.body as { jobConfigurations: Record<string, unknown>[] };
          const second = jobConfigurations[1]!;
          if (isSkipped)
            for (const key of ["jobStatus", "jobExitCode", "lastJobExecution"])
              Reflect.deleteProperty(second, key);
          return answer;
        };
      },
      { settings: strict },
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([listed(fake)[1], listed(fake)[3]]);
    expect(harvesterOf(fake).starts).toBe(1);
    expectSound(fake);
  });
});

describe("a database that is away as a step ends", () => {
  /** The second job ends while the database can't be reached: its thread dies, and the pod lives on. */
  const dies = (harvester: HarvesterModel, fake: FakeWorld) =>
    void after(fake, 19 * minute, () => harvester.loseConnection(2 * minute));

  it("wedges the list without a restart: after HARVEST_WEDGE_TIMEOUT a new pod makes it certain, then it is rescued", async () => {
    const fake = worldWith(dies, { settings: { STRICT_ERROR_CHECKING: "true" } });
    const began = fake.clock.now();
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.effects("cluster.deletePod")).toHaveLength(1);
    expect(jobRuns(fake)).toEqual(listed(fake).slice(1));
    expect(harvesterOf(fake).starts).toBe(1);
    expect(storedRun(fake).harvest?.[0]).toMatchObject({ rescued: true, badCount: 0 });
    expect(storedRun(fake).harvest?.[0]).not.toHaveProperty("awayAt");
    expect(inMinutes(fake, began)).toBeLessThan(2.5 * 60);
    expect(fake.said).toContain("the harvester was away meanwhile; replacing its pod");
    expectSound(fake);
  });

  it("is known to the builder that comes after the one that saw it", async () => {
    const fake = worldWith(dies);
    const first = fake.builder("builder-1");
    after(fake, 24 * minute, () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    const began = fake.clock.now();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.effects("cluster.deletePod")).toHaveLength(1);
    expect(inMinutes(fake, began)).toBeLessThan(2 * 60);
    expectSound(fake);
  });

  it("is known also when it was away for so long that the builder gave up meanwhile", async () => {
    const fake = worldWith(
      (harvester, world) => void after(world, 19 * minute, () => harvester.loseConnection(14 * minute)),
    );
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    await fake.clock.sleep(5 * minute);
    const began = fake.clock.now();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.effects("cluster.deletePod")).toHaveLength(1);
    expect(inMinutes(fake, began)).toBeLessThan(2 * 60);
  });

  it("wedges a job that is run on its own as well: it is begun anew in a new pod", async () => {
    const fake = worldWith(
      (harvester, world) => {
        harvester.outcomes.set(listed(world)[1]!, { exitCode: "FAILED" });
        world.when("before", "harvester.startJob", () => harvester.outcomes.clear());
        world.when("after", "harvester.startJob", () =>
          after(world, 9 * minute, () => harvester.loseConnection(2 * minute)),
        );
      },
      { settings: { STRICT_ERROR_CHECKING: "true" } },
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.effects("cluster.deletePod")).toHaveLength(1);
    expect(jobRuns(fake)).toEqual([listed(fake)[1], listed(fake)[1], listed(fake)[3]]);
    expectSound(fake);
  });

  it("within a step fails that job alone: the list goes on, and no pod is touched", async () => {
    const fake = worldWith(
      (harvester, world) =>
        void after(world, 14 * minute, () => {
          harvester.loseConnection(minute);
          world.when("before", "harvester.startJob", () => harvester.outcomes.clear());
        }),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.effects("cluster.deletePod")).toHaveLength(0);
    expect(jobRuns(fake)).toEqual([listed(fake)[1], listed(fake)[3]]);
    expect(fake.said).toContain("CannotCreateTransactionException");
  });

  it("and a job that moves on after it is left alone, however long it reads", async () => {
    const document = structuredClone(createFakeWorld().document);
    for (const { parameters } of document.jobConfigurations) parameters["sandbox.records"] = "40000";
    const fake = worldWith(
      (_, world) =>
        void after(world, 14 * minute, () => world.faults.add({ calls: /^harvester\./, forMs: 2 * minute })),
      { document, harvester: { jobMs: 3 * hour } },
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.effects("cluster.deletePod")).toHaveLength(0);
    expect(jobRuns(fake)).toEqual([]);
  });
});

describe("a standstill without a reason", () => {
  const wedges = (harvester: HarvesterModel, fake: FakeWorld) =>
    void after(fake, 20 * minute, () => harvester.wedge());

  it("gets a new pod after HARVEST_STALL_TIMEOUT, and a rescue", async () => {
    const fake = worldWith(wedges, { settings: { HARVEST_STALL_TIMEOUT: "2h" } });
    const began = fake.clock.now();
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.effects("cluster.deletePod")).toHaveLength(1);
    expect(inMinutes(fake, began)).toBeGreaterThan(2 * 60);
    expect(storedRun(fake).harvest?.[0]).toMatchObject({ rescued: true, stalledAt: listed(fake)[1] });
    expectSound(fake);
  });

  it("ends the run when the same job stands still once more", async () => {
    const fake = worldWith(
      (harvester, world) => {
        wedges(harvester, world);
        world.when("after", "harvester.startJob", () => after(world, 2 * minute, () => harvester.wedge()));
      },
      { settings: { HARVEST_STALL_TIMEOUT: "2h" } },
    );
    const began = fake.clock.now();
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("HARVEST_STALLED");
    expect(storedRun(fake).failure?.message).toContain(`job 2 of 4, ${listed(fake)[1]}`);
    expect(fake.effects("cluster.deletePod")).toHaveLength(1);
    expect(inMinutes(fake, began)).toBeLessThan(5 * 60);
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("that was a long download costs that download once, not the harvest", async () => {
    const fake = worldWith(
      (harvester, world) => {
        harvester.durations.set(listed(world)[1]!, Infinity);
        world.when("after", "cluster.deletePod", () => harvester.durations.clear());
      },
      { settings: { HARVEST_STALL_TIMEOUT: "2h" } },
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual(listed(fake).slice(1));
  });
});

describe("why a job did not end well", () => {
  it("is told by the step that failed, its own words, what it reads, and where its flow ended", async () => {
    const fake = worldWith(
      (harvester, world) =>
        void harvester.outcomes.set(listed(world)[1]!, {
          exitCode: "FAILED",
          description: "java.io.FileNotFoundException: archive answered 404\n\tat sun.net.www.Something",
        }),
      { settings: { STRICT_ERROR_CHECKING: "true" } },
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    const uri = fake.document.jobConfigurations[1]!.parameters["authority.uri"]!;
    const reason = storedRun(fake).harvest?.[0]?.bad?.[0]?.reason;
    expect(reason).toBe(
      `processArchive FAILED: FileNotFoundException: archive answered 404; ${uri}; ` +
        "Caused by: FlowExecutionException: Ended flow=DarwinCoreArchiveHarvesting at state=processArchive with exit status=FAILED",
    );
    expect(fake.said).toContain("processArchive FAILED: FileNotFoundException: archive answered 404");
    expect(fake.said).not.toContain("Flow execution ended unexpectedly");
  });

  it.each([
    [1, /read [\d,]+ records and wrote none/],
    [0.7, /skipped [\d,]+ of [\d,]+ records/],
  ])("is no question where it ended well, but skipping %s of its records is told", async (skipped, said) => {
    const fake = worldWith(
      (harvester, world) =>
        void harvester.outcomes.set(listed(world)[1]!, { exitCode: "COMPLETED", skipped }),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toMatch(said);
  });
});
