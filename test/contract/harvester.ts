/** What the steps rely on of a harvester and its site. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reasonOf } from "../../src/domain/job-ends.ts";
import type { Harvester } from "../../src/ports/harvester.ts";
import type { Site, SiteTarget } from "../../src/ports/site.ts";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import type { Fault } from "../sandbox/faults.ts";
import { describeHarvesterFaults } from "./harvester-faults.ts";
import { describeImports } from "./harvester-imports.ts";

export interface HarvesterWorld {
  harvester: Harvester;
  site: Site;
  target: SiteTarget;
  /** A namespace with an empty database, whose taxa are found once all is harvested. */
  namespace: string;
  /** Shows a fault to the next request; left out where none can be shown, so that those cases aren't declared. */
  showFault?: (fault: Fault) => void;
  /** Lets time pass for the harvester. */
  pass(ms: number): void | Promise<void>;
  loseDatabase(): void | Promise<void>;
  /** Has a job's next run fail with these words of its step. */
  failJob(job: string, words: string): void | Promise<void>;
  /** The database can't be reached for so long. */
  loseConnection(ms: number): void | Promise<void>;
  /** What takes the place of the portal's search at its next request; left out as `showFault` is. */
  showPage?: (fault: Fault) => void;
  close(): Promise<void>;
}

export function describeHarvester(
  name: string,
  make: () => Promise<HarvesterWorld>,
  { showsFaults = true }: { showsFaults?: boolean } = {},
): void {
  describe(`${name} as Harvester and Site`, () => {
    let world: HarvesterWorld;
    beforeAll(async () => void (world = await make()));
    afterAll(() => world.close());

    const document = generateDataConfiguration({ jobs: 3 });
    const bytes = Buffer.from(JSON.stringify(document));
    const list = (document.jobLists[0] as { identifier: string }).identifier;

    it("has no list in an empty database", async () => {
      expect(await world.harvester.findList(world.namespace, list)).toBeUndefined();
    });

    it("loads a configuration once, and says so when it is there already", async () => {
      expect(await world.harvester.importData(world.namespace, bytes)).toEqual({ loaded: true });
      expect(await world.harvester.importData(world.namespace, bytes)).toMatchObject({ loaded: false });
      // In the order of the document, and with nothing of a run.
      expect(await world.harvester.exportData(world.namespace)).toEqual(document);
    });

    it("knows a list whatever its case and the blanks after it", async () => {
      expect((await world.harvester.findList(world.namespace, `${list} `))?.identifier).toBe(list);
    });

    it("shows a list that was never started, and its jobs", async () => {
      const found = await world.harvester.findList(world.namespace, list);
      expect(found).toMatchObject({ identifier: list, status: undefined, nextRun: undefined });
      expect(found?.jobs.map(({ identifier }) => identifier)).toEqual(
        (document.jobLists[0] as { jobConfigurations: string[] }).jobConfigurations,
      );
      expect(found?.jobs[0]).toMatchObject({ status: undefined, exitCode: undefined });
      const id = found?.jobs[0]?.id ?? 0;
      expect(await world.harvester.findExecution(world.namespace, id)).toBeUndefined();
    });

    it("starts a list and follows a job to its end", async () => {
      await world.harvester.startList(world.namespace, list);
      const started = await world.harvester.findList(world.namespace, list);
      expect(started).toMatchObject({ status: undefined, currentJob: 0 });
      // In whole seconds, and the same until the list is over.
      expect(started?.nextRun).toMatch(/:\d\d(\.000)?(Z|\+0000)$/);
      await world.pass(5_100);
      const running = await world.harvester.findList(world.namespace, list);
      expect(running).toMatchObject({ status: "Running", currentJob: 0, nextRun: started?.nextRun });
      expect(running?.jobs[0]).toMatchObject({ status: "STARTED", exitCode: "UNKNOWN" });
      const exported = (await world.harvester.exportData(world.namespace)) as typeof document;
      expect(exported.jobLists[0]).toMatchObject({ identifier: list, nextRun: expect.anything() as unknown });
      const id = running?.jobs[0]?.id ?? 0;
      const execution = await world.harvester.findExecution(world.namespace, id);
      expect(execution).toMatchObject({ status: "STARTED", endedAt: undefined });
      expect(execution?.startedAt).toBeTypeOf("number");
      // Counted in chunks of a hundred.
      expect((execution?.readCount ?? 1) % 100).toBe(0);
      await world.pass(24 * 60 * 60 * 1000);
      const done = await world.harvester.findList(world.namespace, list);
      expect(done).toMatchObject({ status: "Completed", nextRun: undefined });
      expect(done?.jobs.every((job) => job.exitCode === "COMPLETED")).toBe(true);
    });

    it("tells of an execution that ended well what its step did", async () => {
      const id = (await world.harvester.findList(world.namespace, list))?.jobs[0]?.id ?? 0;
      const ended = await world.harvester.findExecution(world.namespace, id);
      expect(ended).toMatchObject({ status: "COMPLETED", exitCode: "COMPLETED" });
      expect(ended?.steps).toHaveLength(1);
      expect(ended?.steps[0]).toMatchObject({ exitCode: "COMPLETED", readCount: ended?.readCount });
      expect(ended?.steps[0]?.name).toBeTypeOf("string");
      expect(ended?.endedAt).toBeGreaterThan(ended?.startedAt ?? Infinity);
      expect(ended?.readCount).toBeGreaterThan(0);
    });

    it("starts a single job, which is seen a moment after the answer, and does not move the list", async () => {
      const job = (await world.harvester.findList(world.namespace, list))?.jobs[1];
      await world.harvester.startJob(world.namespace, job?.id ?? 0);
      const first = await world.harvester.findList(world.namespace, list);
      expect(first?.jobs[1]?.lastExecution).toBe(job?.lastExecution);
      await world.pass(2_000);
      const again = await world.harvester.findList(world.namespace, list);
      expect(again?.status).toBe("Completed");
      expect(again?.jobs[1]?.lastExecution).toBeGreaterThan(job?.lastExecution ?? Infinity);
    });

    it("has an outage for what it knows no row of: a list to run, an execution", async () => {
      const { harvester, namespace } = world;
      await expect(harvester.startList(namespace, "no-such-list")).rejects.toMatchObject({ status: 500 });
      await expect(harvester.findExecution(namespace, 9_999)).rejects.toMatchObject({ status: 500 });
    });

    it("tells of a failed job by its step, not by its first line", async () => {
      const job = (await world.harvester.findList(world.namespace, list))!.jobs[0]!;
      await world.failJob(job.identifier, "FileNotFoundException: no such archive é");
      await world.harvester.startJob(world.namespace, job.id);
      await world.pass(24 * 60 * 60 * 1000);
      const failed = await world.harvester.findExecution(world.namespace, job.id);
      expect(failed).toMatchObject({ status: "FAILED", exitCode: "FAILED" });
      expect(failed?.exitDescription?.split("\n")[0]).toContain("Flow execution ended unexpectedly");
      expect(failed?.exitDescription).toMatch(/^Caused by: .*state=\w+ with exit status=FAILED$/m);
      // The real one writes executions in ISO-8859-1: accents don't survive.
      expect(failed?.steps[0]?.exitDescription).toMatch(/^FileNotFoundException: no such archive ./);
      expect(reasonOf(failed)).toMatch(/^processArchive FAILED: FileNotFoundException/);
    });

    it("leaves STARTED for ever what ended while the database was away", async () => {
      const { harvester, namespace } = world;
      const job = (await harvester.findList(namespace, list))!.jobs[1]!;
      await harvester.startJob(namespace, job.id);
      await world.pass(5_000);
      await world.loseConnection(24 * 60 * 60 * 1000);
      await expect(harvester.findList(namespace, list)).rejects.toMatchObject({
        code: "OUTAGE",
        status: 500,
      });
      await expect(harvester.exportData(namespace)).rejects.toMatchObject({ code: "OUTAGE", status: 500 });
      await world.pass(25 * 60 * 60 * 1000);
      const stuck = (await harvester.findList(namespace, list))?.jobs[1];
      expect(stuck).toMatchObject({ status: "STARTED", exitCode: "UNKNOWN" });
      expect(await harvester.findExecution(namespace, job.id)).toMatchObject({ endedAt: undefined });
    });

    it("asks the site under its public name", async () => {
      await world.pass(24 * 60 * 60 * 1000);
      expect(await world.site.probe(world.target)).toEqual({ ok: true });
      expect(await world.site.totalResults(world.target)).toBeGreaterThan(1_000);
      expect(await world.site.hasTaxon(world.target, "urn:lsid:ipni.org:names:1-1")).toBe(true);
    });

    it("counts what a filter of the search leaves", async () => {
      const all = await world.site.totalResults(world.target);
      const accepted = await world.site.countTaxa(world.target, "accepted_names");
      expect(accepted).toBeGreaterThan(0);
      expect(accepted).toBeLessThan(all);
      expect(await world.site.countTaxa(world.target, "no_such_filter")).toBe(all);
    });

    if (showsFaults) describeHarvesterFaults(() => world, { list, bytes });

    it("does not find the list of a lost database", async () => {
      await world.loseDatabase();
      expect(await world.harvester.findList(world.namespace, list)).toBeUndefined();
    });

    describeImports(() => world);
  });
}
