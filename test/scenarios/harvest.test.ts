/** What can go wrong between install and gate, and what becomes of the run. */
import { describe, expect, it } from "vitest";
import { createFakeWorld, type FakeWorld, type FakeWorldOptions } from "../fakes/world.ts";
import { expectSound, hour, jobRuns, listed, minute, newRelease, pastRuns, storedRun } from "./seen.ts";

/** A world whose harvest can be meddled with as soon as the list was started. */
function worldWith(meddle: (fake: FakeWorld, release: string) => void, options: FakeWorldOptions = {}) {
  const fake = createFakeWorld({ live: {}, ...options });
  fake.when("after", "harvester.startList", ({ args }) => meddle(fake, String(args[0])));
  return fake;
}

describe("a job that does not end well", () => {
  const failing = (fake: FakeWorld, release: string) =>
    fake.cluster
      .require(release)
      .harvester.outcomes.set(listed(fake)[1]!, { exitCode: "FAILED", description: "404 Not Found\nstack" });

  it("is run again, and the index job after it, before anybody judges", async () => {
    const fake = worldWith((world, release) => {
      failing(world, release);
      world.when("before", "harvester.startJob", () =>
        world.cluster.require(release).harvester.outcomes.clear(),
      );
    });
    fake.settings["STRICT_ERROR_CHECKING"] = "true";
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([listed(fake)[1], listed(fake)[3]]);
    expectSound(fake);
  });

  it("fails the run when it fails again and STRICT_ERROR_CHECKING is on; the live site stays as it was", async () => {
    const fake = worldWith(failing, { settings: { STRICT_ERROR_CHECKING: "true" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure).toMatchObject({ code: "HARVEST_JOBS_FAILED", step: "await-harvest" });
    expect(storedRun(fake).failure?.details?.[0]).toContain("404 Not Found");
    expect(fake.live).toEqual(["prod-old01"]);
    expect(fake.namespaces).toEqual([newRelease(fake), "prod-old01"].sort());
    expect(fake.effects("dns.change")).toHaveLength(0);
    expectSound(fake);
  });

  it("is tolerated otherwise, and told", async () => {
    const fake = worldWith(failing);
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).harvest?.[0]).toMatchObject({ badCount: 1, retries: 1 });
    expect(fake.said).toContain("tolerated");
    expectSound(fake);
  });

  it("is not run again with HARVEST_JOB_RETRIES=0", async () => {
    const fake = worldWith(failing, { settings: { HARVEST_JOB_RETRIES: "0" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([]);
  });

  it.each(["NOT_MODIFIED", "NOOP"])("is not one that says %s", async (exitCode) => {
    const fake = worldWith(
      (world, release) =>
        world.cluster.require(release).harvester.outcomes.set(listed(world)[1]!, { exitCode }),
      { settings: { STRICT_ERROR_CHECKING: "true" } },
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual([]);
  });
});

describe("a harvester that dies in the middle of the list", () => {
  const dies = (fake: FakeWorld, release: string, after = 15 * minute) =>
    fake.clock.at(fake.clock.now() + after, () => fake.cluster.restart(release, "harvester"));

  it("has the remaining jobs run one at a time, instead of losing what was done", async () => {
    const fake = worldWith(dies, { settings: { STRICT_ERROR_CHECKING: "true" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(jobRuns(fake)).toEqual(listed(fake).slice(1));
    expect(fake.cluster.require(newRelease(fake)).harvester.starts).toBe(1);
    expect(storedRun(fake).harvest?.[0]).toMatchObject({ rescued: true, badCount: 0 });
    expectSound(fake);
  });

  it("has the job that it died under run again, when it dies once more", async () => {
    const fake = worldWith((world, release) => {
      dies(world, release);
      dies(world, release, 32 * minute);
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).harvest?.[0]).toMatchObject({ rescued: true, badCount: 0 });
    expectSound(fake);
  });

  it("ends the run when it dies under every try", async () => {
    const fake = worldWith((world, release) => {
      for (let times = 0; times < 30; times += 1) dies(world, release, (5 + 8 * times) * minute);
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("HARVESTER_DIES");
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("is rescued by the next builder too, when the first one was killed meanwhile", async () => {
    const fake = worldWith(dies);
    const first = fake.builder("builder-1");
    fake.clock.at(fake.clock.now() + 17 * minute, () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(storedRun(fake).harvest?.[0]?.rescued).toBe(true);
    expectSound(fake);
  });
});

describe("a harvest that gets nowhere", () => {
  it("never takes an outage for a stall", async () => {
    const fake = worldWith(
      (world) =>
        world.clock.at(world.clock.now() + 15 * minute, () =>
          world.faults.add({ calls: /^harvester\./, forMs: 9 * minute }),
        ),
      { settings: { HARVEST_STALL_TIMEOUT: "5m" }, harvester: { jobMs: 4 * minute } },
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expectSound(fake);
  });

  it("ends the run after HARVEST_TIMEOUT, also over several builders", async () => {
    const fake = createFakeWorld({
      live: {},
      settings: { HARVEST_TIMEOUT: "1h" },
      harvester: { jobMs: hour },
    });
    const first = fake.builder("builder-1");
    fake.clock.at(fake.clock.now() + 40 * minute, () => first.kill());
    await first.run();
    const began = fake.clock.now();
    expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("HARVEST_TIMEOUT");
    expect(fake.clock.now() - began).toBeLessThan(25 * minute);
  });

  it("ends the run when the database was lost", async () => {
    const fake = worldWith((world, release) =>
      world.clock.at(world.clock.now() + 15 * minute, () =>
        world.cluster.require(release).harvester.loseDatabase(),
      ),
    );
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("DATABASE_LOST");
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("takes a 404 for an outage: a harvester that could not start says that of everything", async () => {
    const fake = worldWith((world, release) => {
      const { harvester } = world.cluster.require(release);
      const list = harvester.list.bind(harvester);
      world.clock.at(world.clock.now() + 15 * minute, () => (harvester.list = () => ({ status: 404 })));
      world.clock.at(world.clock.now() + 30 * minute, () => (harvester.list = list));
    });
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    expect(storedRun(fake).phase).toBe("interrupted");
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expectSound(fake);
  });
});

describe("an import", () => {
  it("that was left half done makes the release be installed again, under its name", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("before", "harvester.importData", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.killImportAfter = 4;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.effects("releases.install").map(({ args }) => (args[0] as { name: string }).name)).toEqual([
      newRelease(fake),
      newRelease(fake),
    ]);
    expect(fake.cluster.require(newRelease(fake)).harvester.imports).toBe(1);
    expectSound(fake);
  });

  it("that was carried out but not answered is not repeated", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.faults.add({ calls: "harvester.importData", when: "after" });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.effects("harvester.importData")).toHaveLength(1);
  });
});

describe("a release that can't start", () => {
  it("fails the run with the culprit, and is kept for a look", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.doomed.set("geoserver", "ImagePullBackOff");
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure).toMatchObject({ code: "PODS_FAILED", step: "wait-for-pods" });
    expect(storedRun(fake).failure?.message).toContain("geoserver");
    expect(fake.namespaces).toContain(newRelease(fake));
    expect(fake.live).toEqual(["prod-old01"]);
    expect(pastRuns(fake)).toEqual(["failed PODS_FAILED"]);
    expectSound(fake);
  });

  it("fails the run after PODS_TIMEOUT where nothing says why", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("before", "releases.install", () => (fake.cluster.times.readyMs = hour));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("PODS_TIMEOUT");
  });

  it("tells after PODS_TIMEOUT of each pod that is not ready its reason, last events and last words", async () => {
    const fake = createFakeWorld({ live: {}, settings: { PODS_TIMEOUT: "90s" } });
    fake.when("after", "releases.install", () => {
      const { pods } = fake.cluster.require(newRelease(fake));
      const solr = pods["solr"]!;
      Object.assign(solr, { trouble: "CrashLoopBackOff", restarts: 2, readyAt: Infinity });
      solr.logs = Array.from({ length: 50 }, (_, index) => `line ${index + 1} ${"x".repeat(500)}`);
      solr.warnings = ["Pod solr-0: BackOff: Back-off restarting failed container"];
      pods["db"]!.readyAt = Infinity;
      pods["db"]!.logs = ["mysqld: ready for connections"];
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    const { code, details = [] } = storedRun(fake).failure ?? {};
    expect(code).toBe("PODS_TIMEOUT");
    expect(details).toContain("solr: CrashLoopBackOff, 2 restarts (pod solr-0)");
    expect(details).toContain("  Pod solr-0: BackOff: Back-off restarting failed container");
    expect(details.filter((line) => line.startsWith("  solr: line "))).toHaveLength(8);
    expect(details.at(-1)?.length).toBeLessThanOrEqual(300);
    expect(details).toContain("db: starting (pod db-0)");
    expect(details).toContain("  db: mysqld: ready for connections");
    expect(fake.said).toContain("solr: line 50 ");
  });

  it("ends at PODS_TIMEOUT all the same when nothing can be read of it", async () => {
    const fake = createFakeWorld({ live: {}, settings: { PODS_TIMEOUT: "90s", RETRY_TIMEOUT: "1m" } });
    fake.when("before", "releases.install", () => (fake.cluster.times.readyMs = hour));
    fake.faults.add({ calls: "cluster.logs", forMs: hour });
    fake.faults.add({ calls: "cluster.warnings", forMs: hour });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(storedRun(fake).failure?.code).toBe("PODS_TIMEOUT");
  });
});
