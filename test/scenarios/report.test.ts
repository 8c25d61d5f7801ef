/** What is kept of finished runs for `report`, and how much room that takes. */
import { brotliCompressSync, constants } from "node:zlib";
import { describe, expect, it } from "vitest";
import { abortRun } from "../../src/operate/abort-run.ts";
import { findReport } from "../../src/operate/find-report.ts";
import { keptReports, packReports, reportsAttachment } from "../../src/rebuild/keep-report.ts";
import { makeReport } from "../../src/rebuild/make-report.ts";
import { rollBack } from "../../src/operate/roll-back.ts";
import { renderReport } from "../../src/report/render-report.ts";
import { pack } from "../../src/steps/harvest/list-memory.ts";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { day, hour, minute, storedRun } from "./seen.ts";

function worldOf(fake: FakeWorld) {
  return fake.builder("report-1").world;
}

function keptIds(fake: FakeWorld): string[] {
  const text = fake.store.state?.attachments.get(reportsAttachment);
  return keptReports(text === undefined ? undefined : Buffer.from(text, "base64")).map(({ runId }) => runId);
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
    const report = await findReport(worldOf(fake), undefined);
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
    const { images } = await findReport(worldOf(fake), undefined);
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
    const { images } = await findReport(worldOf(fake), undefined);
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
    const report = await findReport(worldOf(fake), second);
    expect(report.jobs[0]?.before).toMatchObject({ records: report.jobs[0]?.records });
    await expect(findReport(worldOf(fake), first)).rejects.toMatchObject({
      problems: [{ where: first, what: expect.stringContaining("too long ago") as string }],
    });
    await expect(findReport(worldOf(fake), "nonsense")).rejects.toMatchObject({ code: "USAGE" });
  });

  it("tells of a run under way, and of the one before beside it", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    const first = storedRun(fake).runId;
    await fake.clock.sleep(7 * day);
    const running = fake.builder("builder-2").run();
    await fake.clock.sleep(25 * minute);
    const report = await findReport(worldOf(fake), undefined);
    expect(report).toMatchObject({ phase: "running", totals: { jobs: 2 } });
    expect(renderReport(report)).toContain("At await-harvest");
    expect(await findReport(worldOf(fake), first)).toMatchObject({ phase: "succeeded" });
    await running;
  });

  it("of a failed run names the step and the code, and outlives the next run's begin", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.doomed.set("solr", "ImagePullBackOff");
    await fake.builder("builder-1").run();
    const failed = storedRun(fake).runId;
    fake.cluster.doomed.clear();
    await again(fake, "builder-2");
    expect(await findReport(worldOf(fake), failed)).toMatchObject({
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
    await fake.builder("rollback-1").run(async (world, signal) => {
      await rollBack(world, signal);
      return 0;
    });
    const rolledBack = storedRun(fake).runId;
    expect(await findReport(worldOf(fake), aborted)).toMatchObject({ phase: "aborted" });
    await fake.clock.sleep(hour);
    const lost = fake.builder("builder-3");
    fake.when("after", "harvester.startList", () => lost.kill());
    await lost.run();
    const expired = storedRun(fake).runId;
    await again(fake, "builder-4");
    expect(keptIds(fake)).toEqual([expired, storedRun(fake).runId]);
    expect(keptIds(fake)).not.toContain(rolledBack);
  });

  it("is refused with a word where no run has ever begun", async () => {
    await expect(findReport(worldOf(createFakeWorld()), undefined)).rejects.toMatchObject({
      problems: [{ what: expect.stringContaining("no run has begun yet") as string }],
    });
  });
});

describe("with 10,000 jobs", () => {
  it("two reports take a twentieth of what a ConfigMap holds, and less where less is asked for", async () => {
    const fake = createFakeWorld({ live: {} });
    await fake.builder("builder-1").run();
    const run = storedRun(fake);
    const document = generateDataConfiguration({ organisations: 500, jobs: 10_001, listed: 10_000 });
    const ids = document.jobConfigurations.slice(0, 10_000).map(({ identifier }) => identifier);
    const luck = (index: number) => Math.abs(Math.sin(index * 12.9898) * 43758.5453) % 1;
    const results = ids.map((id, index) => [
      `${id}#${index + 1}`,
      [
        Math.round(luck(index) * 3_000),
        Math.round(luck(index + 7) * 2e6),
        "COMPLETED",
        1_795_000_000 + index * 17,
      ],
    ]);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
    const attachments = {
      data: brotliCompressSync(JSON.stringify(document), { params }),
      jobs: pack(Object.fromEntries(results)),
    };
    const { mappings, world } = { mappings: fake.mappings, world: worldOf(fake) };
    const sources = {
      run,
      attachments,
      mappings: [...mappings],
      now: world.clock.now(),
      redact: world.redact,
    };
    const first = { ...makeReport({ ...sources, earlier: [] }), runId: "prod-20261115-1200" };
    const second = makeReport({ ...sources, earlier: [first] });
    expect(second.totals.jobs).toBe(10_000);
    expect(second.jobs).toHaveLength(300);
    const packed = packReports([first, second]);
    expect(packed.byteLength).toBeLessThan(40_000);
    expect(renderReport(second).length).toBeLessThan(250_000);
    const shrunk = keptReports(packReports([first, second], 5_000));
    expect(shrunk.map(({ runId }) => runId)).toEqual([first.runId, second.runId]);
    expect(shrunk[1]?.totals.jobs).toBe(10_000);
  });
});
