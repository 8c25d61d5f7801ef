/** A failed run is not a lost harvest: `retry` opens it again where it failed. */
import { describe, expect, it } from "vitest";
import { rollBack } from "../../src/operate/roll-back.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { accepting, rejected, retry, secondJob, withFailedJob } from "./retrying.ts";
import {
  day,
  doing,
  expectSound,
  harvesterOf,
  hour,
  jobRuns,
  minute,
  newRelease,
  pastRuns,
  storedRun,
} from "./seen.ts";

const effectsOf = (fake: FakeWorld, kind: string) =>
  harvesterOf(fake).effects.filter((effect) => effect.kind === kind);

describe("retry", () => {
  it("goes on at the gate that rejected, without another harvest, and names itself first", async () => {
    const fake = await rejected();
    const { runId, release } = storedRun(fake);
    expect(fake.said).toMatch(
      /go on: {2}kubectl powo retry\nagain: .*\n(drop: .*\n)?without the plugin: {2}kubectl create job retry-1 --from=cronjob\/builder-retry\n/,
    );
    harvesterOf(fake).taxonFactors?.set("has_images", 1);
    expect(await fake.builder("retry-1").run(retry)).toEqual({ code: 0 });
    const run = storedRun(fake);
    expect(run).toMatchObject({ runId, release, phase: "succeeded" });
    expect(run.reopened).toEqual([{ at: expect.any(String), by: "ada", job: "retry-1" }]);
    expect(run.failure).toBeUndefined();
    expect(effectsOf(fake, "list-run")).toHaveLength(1);
    expect(fake.live).toEqual([release]);
    expect(fake.namespaces).toEqual([release]);
    expect(pastRuns(fake)).toEqual(["succeeded"]);
    expectSound(fake);
  });

  it("runs failed jobs again before the gate judges again, also where they were tolerated", async () => {
    const fake = createFakeWorld({ live: {}, settings: { HARVEST_JOB_RETRIES: "0" } });
    fake.when("before", "harvester.startList", ({ args }) => {
      const { outcomes, taxonFactors } = fake.cluster.require(String(args[0])).harvester;
      outcomes.set(secondJob(fake), { exitCode: "FAILED" });
      taxonFactors?.set("has_images", 0.5);
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("GATE_COUNTS");
    harvesterOf(fake).outcomes.clear();
    harvesterOf(fake).taxonFactors?.set("has_images", 1);
    expect(await fake.builder("retry-1").run(retry)).toEqual({ code: 0 });
    expect(jobRuns(fake)).toContain(secondJob(fake));
    expect(effectsOf(fake, "list-run")).toHaveLength(1);
    expectSound(fake);
  });

  it("fails again where nothing has changed, and can be opened once more", async () => {
    const fake = await rejected();
    expect(await fake.builder("retry-1").run(retry)).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("GATE_COUNTS");
    expect(fake.said).toContain("without the plugin:  kubectl create job retry-2 --from");
    expect(await fake.builder("retry-2").run(accepting())).toEqual({ code: 0 });
    expect(storedRun(fake).reopened).toHaveLength(2);
    expectSound(fake);
  });

  it("accepts exactly the counts that were recorded, by name and reason", async () => {
    const fake = await rejected();
    expect(await fake.builder("retry-1").run(accepting())).toEqual({ code: 0 });
    const { gate, reopened } = storedRun(fake);
    expect(gate?.accepted).toMatchObject({
      by: "ada",
      reason: "photographs moved",
      what: [expect.stringMatching(/taxa with images, live has/)],
    });
    expect(reopened?.[0]?.accepts?.counts).toEqual([{ kind: "images", found: expect.any(Number) }]);
    expect(fake.said).toContain("accepted by ada");
    expectSound(fake);
  });

  it("accepts nothing worse", async () => {
    const fake = await rejected();
    harvesterOf(fake).taxonFactors?.set("has_images", 0.49);
    expect(await fake.builder("retry-1").run(accepting())).toEqual({ code: 1 });
    expect(fake.live).toEqual(["prod-old01"]);
    expect(await fake.builder("retry-2").run(accepting())).toEqual({ code: 0 });
    expectSound(fake);
  });

  it("does not accept what has become worse since, of another kind", async () => {
    const fake = await rejected();
    harvesterOf(fake).taxonFactors?.set("genus_f", 0.5);
    expect(await fake.builder("retry-1").run(accepting())).toEqual({ code: 1 });
    expect(fake.live).toEqual(["prod-old01"]);
  });

  it("does not accept a count that the new site can't give: that is no result", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.brokenFilters.add("has_images");
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("GATE_COUNTS");
    expect(await fake.builder("retry-1").run(accepting())).toEqual({ code: 1 });
    expect(fake.live).toEqual(["prod-old01"]);
  });

  it("runs failed jobs again, whatever HARVEST_JOB_RETRIES says", async () => {
    const fake = await withFailedJob();
    harvesterOf(fake).outcomes.clear();
    expect(await fake.builder("retry-1").run(retry)).toEqual({ code: 0 });
    expect(effectsOf(fake, "list-run")).toHaveLength(1);
    expect(effectsOf(fake, "job-run").map(({ identifier }) => identifier)).toContain(secondJob(fake));
    expectSound(fake);
  });

  it("accepts the jobs that had failed, and runs none again", async () => {
    const fake = await withFailedJob();
    expect(await fake.builder("retry-1").run(accepting("known to be empty"))).toEqual({ code: 0 });
    expect(effectsOf(fake, "job-run")).toEqual([]);
    const [list] = storedRun(fake).harvest ?? [];
    expect(list?.accepted).toMatchObject({ by: "ada", reason: "known to be empty" });
    expect(list?.accepted?.what).toHaveLength(1);
    expectSound(fake);
  });

  it("does not accept a job that failed once more since", async () => {
    const fake = await withFailedJob();
    const harvester = harvesterOf(fake);
    harvester.runJob(harvester.idOf(secondJob(fake)));
    await fake.clock.sleep(hour);
    expect(await fake.builder("retry-1").run(accepting())).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("HARVEST_JOBS_FAILED");
  });

  it("takes records that somebody else changed as they are then, and refuses the next change", async () => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "auto-after:10m" } });
    const stranger = fake.cluster.liveRelease("prod-oth01", {});
    const foreign = fake.cluster.addressOf(stranger.name, "ingress")!;
    const put = (address: string) => {
      const { zone, name } = fake.mappings[0]!;
      fake.zones.get(zone)?.put({ name, type: "A", ttl: 300, rrdatas: [address] });
    };
    fake.when("after", "harvester.startList", () => put(foreign));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 3 });
    const running = fake.builder("retry-1").run(retry);
    await fake.clock.sleep(5 * minute);
    expect(fake.said).toContain(`→ ${foreign}: changed since the run pinned it; taken as it is now`);
    put("192.0.2.77");
    expect(await running).toEqual({ code: 3 });
    expect(storedRun(fake).failure?.code).toBe("DNS_CHANGED");
    expect(await fake.builder("retry-2").run(retry)).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
  });

  it("goes on after a rollback by hand, a week later, with live and records pinned anew", async () => {
    const fake = createFakeWorld({ live: {}, settings: { RETAIN_PREVIOUS: "30d", HARVEST_TIMEOUT: "3h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const release = newRelease(fake);
    expect(await fake.builder("rollback-1").run(doing(rollBack))).toEqual({ code: 0 });
    expect(fake.live).toEqual(["prod-old01"]);
    await fake.clock.sleep(7 * day);
    fake.point("prod-old01", 60);
    expect(await fake.builder("retry-1").run(retry)).toEqual({ code: 0 });
    expect(fake.live).toEqual([release]);
    expect(storedRun(fake).dns?.before.map(({ ttlSeconds }) => ttlSeconds)).toEqual([60, 60]);
    expect(fake.notifications.filter(({ event }) => event === "live")).toHaveLength(2);
    expectSound(fake);
  });

  it("counts every deadline from the opening: a harvest that had run out of time has its whole time again", async () => {
    const fake = createFakeWorld({
      live: {},
      settings: { HARVEST_TIMEOUT: "1h" },
      harvester: { jobMs: 25 * minute },
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("HARVEST_TIMEOUT");
    expect(await fake.builder("retry-1").run(retry)).toEqual({ code: 0 });
    expect(effectsOf(fake, "list-run")).toHaveLength(1);
    expectSound(fake);
  });

  const stoppedInDeletion = async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("before", "releases.uninstall", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    return fake;
  };
  const rolledBackInDeletion: [string, (fake: FakeWorld) => Promise<void>][] = [
    [
      "by the verb",
      async (fake) => {
        expect(await fake.builder("rollback-1").run(doing(rollBack))).toEqual({ code: 0 });
      },
    ],
    [
      "because its addresses moved and nothing answered there",
      async (fake) => {
        fake.cluster.moveAddresses(newRelease(fake));
        fake.cluster.require(newRelease(fake)).siteStatus = 500;
        expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
        fake.cluster.require(newRelease(fake)).siteStatus = 200;
      },
    ],
  ];
  it.each(rolledBackInDeletion)(
    "swaps again after a run was rolled back in its deletion: %s",
    async (_, undo) => {
      const fake = await stoppedInDeletion();
      await undo(fake);
      expect(storedRun(fake).phase).toBe("rolled-back");
      expect(fake.live).toEqual(["prod-old01"]);
      const changes = fake.effects("dns.change").length;
      expect(await fake.builder("retry-1").run(retry)).toEqual({ code: 0 });
      expect(fake.effects("dns.change").length).toBeGreaterThan(changes);
      expect(fake.live).toEqual([newRelease(fake)]);
      expect(fake.namespaces).toEqual([newRelease(fake)]);
      expectSound(fake);
    },
  );
});
