/** What is kept of finished runs for `report`, and how much room that takes. */
import { brotliCompressSync, constants } from "node:zlib";
import { describe, expect, it } from "vitest";
import { jobNames } from "../../src/domain/job-names.ts";
import { addPastRun, pastRunOf } from "../../src/domain/past-run.ts";
import { reportOf } from "../../src/domain/report.ts";
import type { JobResult, PastRun } from "../../src/domain/attachments.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { findReport } from "../../src/operate/history.ts";
import { rollBack } from "../../src/operate/roll-back.ts";
import { renderReport } from "../../src/report/render-report.ts";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { day, doing, expectSound, hour, minute, storedRun } from "./seen.ts";

function worldOf(fake: FakeWorld) {
  return fake.builder("report-1").world;
}

function keptIds(fake: FakeWorld): string[] {
  const past = JSON.parse(fake.store.state?.attachments.get("past") ?? "[]") as PastRun[];
  return past.map(({ run }) => run.runId);
}

/** A week later. */
async function again(fake: FakeWorld, identity: string): Promise<string> {
  await fake.clock.sleep(7 * day);
  await fake.builder(identity).run();
  return storedRun(fake).runId;
}

describe("the report", () => {
  it("of the last run is there when it has ended, with its jobs by name, time and records", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    const report = await findReport(worldOf(fake), undefined, new AbortController().signal);
    expect(report).toMatchObject({
      runId: storedRun(fake).runId,
      phase: "succeeded",
      previous: ["prod-old01"],
      totals: { jobs: 4 },
    });
    expect(report.jobs.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
    expect(report.jobs.map(({ name }) => name)).toEqual(
      fake.document.jobLists[0]!.jobConfigurations.map(
        (id) => fake.document.jobConfigurations.find(({ identifier }) => identifier === id)!.description,
      ),
    );
    for (const job of report.jobs) expect(job.from).toBeGreaterThan(0);
    expect(report.dns.names[0]).toMatchObject({ name: "prod.example.", ttlSeconds: 300 });
    expect(renderReport(report)).toContain("went live");
  });

  it("has the images of the live release beside the new ones, and the log names those that change", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    expect(fake.said).not.toContain("images:");
    fake.chart.tag = "2";
    fake.faults.add({ calls: "releases.findObjects", forMs: 2 * minute });
    await again(fake, "builder-2");
    const { images } = await findReport(worldOf(fake), undefined, new AbortController().signal);
    expect(images?.find(({ container }) => container === "portal/portal")).toEqual({
      container: "portal/portal",
      from: "registry.example/portal:1",
      to: "registry.example/portal:2",
    });
    expect(fake.said).toContain("portal/portal registry.example/portal: 1 → 2");
  });

  it("has the new images where the live release can't be read", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    const { images } = await findReport(worldOf(fake), undefined, new AbortController().signal);
    expect(images?.find(({ container }) => container === "solr/solr")).toEqual({
      container: "solr/solr",
      to: "registry.example/solr:1",
    });
  });

  it("of the last two finished runs stays when a new one begins, and compares their jobs", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    const first = storedRun(fake).runId;
    const second = await again(fake, "builder-2");
    expect(keptIds(fake)).toEqual([first, second]);
    const third = await again(fake, "builder-3");
    expect(keptIds(fake)).toEqual([second, third]);
    const report = await findReport(worldOf(fake), second, new AbortController().signal);
    expect(report.jobs[0]?.before).toMatchObject({ records: report.jobs[0]?.records });
    await expect(findReport(worldOf(fake), first, new AbortController().signal)).rejects.toMatchObject({
      problems: [{ where: first, what: expect.stringContaining("too long ago") as string }],
    });
    await expect(findReport(worldOf(fake), "nonsense", new AbortController().signal)).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  it("tells of a run under way, and of the one before beside it", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    const first = storedRun(fake).runId;
    await fake.clock.sleep(7 * day);
    const running = fake.builder("builder-2").run();
    await fake.clock.sleep(25 * minute);
    const report = await findReport(worldOf(fake), undefined, new AbortController().signal);
    expect(report).toMatchObject({ phase: "running", totals: { jobs: 2 } });
    expect(renderReport(report)).toContain("At await-harvest");
    expect(await findReport(worldOf(fake), first, new AbortController().signal)).toMatchObject({
      phase: "succeeded",
    });
    await running;
  });

  it("of a failed run names the step and the code, and outlives the next run's begin", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.doomed.set("solr", "ImagePullBackOff");
    await fake.builder("builder-1").run();
    const failed = storedRun(fake).runId;
    fake.cluster.doomed.clear();
    await again(fake, "builder-2");
    expect(await findReport(worldOf(fake), failed, new AbortController().signal)).toMatchObject({
      phase: "failed",
      failure: { code: "PODS_FAILED", step: "wait-for-pods" },
    });
  });

  it("is kept of runs that an operator ended or rolled back, or whose time was over", async () => {
    const fake = createFakeWorld({ live: {}, settings: { RETAIN_PREVIOUS: "48h" } });
    const first = fake.builder("builder-1");
    fake.when("after", "harvester.startList", () => first.kill());
    await first.run();
    await fake.builder("abort-1").run(abortRun);
    const aborted = storedRun(fake).runId;
    await fake.clock.sleep(hour);
    await fake.builder("builder-2").run();
    await fake.builder("rollback-1").run(doing(rollBack));
    const rolledBack = storedRun(fake).runId;
    expect(await findReport(worldOf(fake), aborted, new AbortController().signal)).toMatchObject({
      phase: "aborted",
    });
    await fake.clock.sleep(hour);
    const lost = fake.builder("builder-3");
    fake.when("after", "releases.install", () => lost.kill());
    await lost.run();
    const expired = storedRun(fake).runId;
    await again(fake, "builder-4");
    expect(keptIds(fake)).toEqual([expired, storedRun(fake).runId]);
    expect(keptIds(fake)).not.toContain(rolledBack);
  });

  it("is refused with a word where no run has ever begun", async () => {
    await expect(
      findReport(worldOf(createFakeWorld()), undefined, new AbortController().signal),
    ).rejects.toMatchObject({
      problems: [{ what: expect.stringContaining("no run has begun yet") as string }],
    });
  });
});

describe("with 10,000 jobs", () => {
  it("two kept runs take a twentieth of what a ConfigMap holds, with the slowest jobs and all that failed", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    const run = storedRun(fake);
    const document = generateDataConfiguration({ organisations: 500, jobs: 10_001, listed: 10_000 });
    const names = jobNames(Buffer.from(JSON.stringify(document)));
    const luck = (index: number) => Math.abs(Math.sin(index * 12.9898) * 43758.5453) % 1;
    const results = document.jobConfigurations.slice(0, 10_000).map(({ identifier }, index): JobResult => {
      const [seconds, records] = [Math.round(luck(index) * 3_000), Math.round(luck(index + 7) * 2e6)];
      const code = index % 1_000 === 7 ? "FAILED" : "COMPLETED";
      return [identifier, index + 1, seconds, records, code, 1_795_000_000 + index * 17];
    });
    const first = pastRunOf({ ...run, runId: "prod-20261115-1200" }, results, names);
    const second = pastRunOf(run, results, names);
    const kept = addPastRun(addPastRun([], first), second);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
    expect(brotliCompressSync(JSON.stringify(kept), { params }).byteLength).toBeLessThan(40_000);
    const report = reportOf(second, kept, fake.clock.now());
    expect(report.totals.jobs).toBe(10_000);
    expect(report.jobs).toHaveLength(300);
    expect(report.jobs.filter(({ exitCode }) => exitCode === "FAILED")).toHaveLength(10);
    const slowest = results.map(([, , seconds]) => seconds).toSorted((one, other) => other - one);
    expect(report.jobs.map(({ seconds }) => seconds)).toEqual(expect.arrayContaining(slowest.slice(0, 100)));
    expect(renderReport(report).length).toBeLessThan(250_000);
  });

  it("no name and no line of a kept run is endless", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    const long = "x".repeat(5_000);
    const run = storedRun(fake);
    const details = Array.from({ length: 60 }, (_, index) => `job ${index}`);
    const failure = { code: "HARVEST_JOBS_FAILED", message: "60 jobs", details };
    const steps = run.steps.map((step) => ({ ...step, output: long }));
    const nothing = { indexes: new Set<string>(), archives: new Map(), positions: new Map() };
    const names = { names: new Map([["a", long]]), ...nothing };
    const past = pastRunOf({ ...run, steps, failure }, [["a", 1, 1, 1, "FAILED"]], names);
    expect(past.names[0]?.[1]).toBe(`${"x".repeat(99)}…`);
    expect(past.run.steps[0]?.output).toHaveLength(400);
    expect(past.run.failure?.details).toEqual(details.slice(0, 40));
  });
});

describe("jobs whose names objects have by themselves", () => {
  const odd = ["constructor", "__proto__", "toString", "hasOwnProperty"];

  it("are jobs like any other, in a run and in its report", async () => {
    const document = generateDataConfiguration({ organisations: 2, jobs: 5, listed: 5 });
    const [list] = document.jobLists;
    for (const [index, name] of odd.entries()) document.jobConfigurations[index]!.identifier = name;
    list!.jobConfigurations.splice(0, 4, ...odd);
    list!.identifier = "constructor";
    const fake = createFakeWorld({ live: {}, document, settings: { JOB_LIST: "constructor" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    await again(fake, "builder-2");
    expect(storedRun(fake).phase).toBe("succeeded");
    const { jobs, lists } = await findReport(worldOf(fake), undefined, new AbortController().signal);
    expect(lists).toMatchObject([{ name: "constructor", jobs: 5, ended: 5, bad: 0 }]);
    expect(jobs.map(({ id, position }) => [id, position])).toEqual(
      list!.jobConfigurations.map((id, index) => [id, index + 1]),
    );
    for (const { seconds, records, before } of jobs.slice(0, 4)) expect(before).toEqual({ seconds, records });
    const timings = JSON.parse(fake.store.state?.attachments.get("timings") ?? "[]") as [string, number[]][];
    expect(new Map(timings).get("__proto__")).toHaveLength(2);
    expectSound(fake);
  });
});
