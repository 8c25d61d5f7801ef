/** What the steps rely on of a harvester and its site. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Harvester } from "../../src/ports/harvester.ts";
import type { Site, SiteTarget } from "../../src/ports/site.ts";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import type { Fault } from "../sandbox/faults.ts";

export interface HarvesterWorld {
  harvester: Harvester;
  site: Site;
  target: SiteTarget;
  /** A namespace with an empty database, whose taxa are found once all is harvested. */
  namespace: string;
  /** Shows a fault to the next request; undefined where none can be shown. */
  showFault: ((fault: Fault) => void) | undefined;
  /** Lets time pass for the harvester. */
  pass(ms: number): void | Promise<void>;
  loseDatabase(): void | Promise<void>;
  close(): Promise<void>;
}

const faults: Fault[] = [
  { kind: "reset" },
  { kind: "hang" },
  { kind: "garbage" },
  { kind: "truncated" },
  { kind: "status", status: 500 },
  { kind: "status", status: 503 },
];

export function describeHarvester(name: string, make: () => Promise<HarvesterWorld>): void {
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
      const exported = (await world.harvester.exportData(world.namespace)) as typeof document;
      expect(exported.jobConfigurations).toHaveLength(document.jobConfigurations.length);
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
      expect((await world.harvester.findList(world.namespace, list))?.nextRun).toBeTypeOf("string");
      await world.pass(10_100);
      const running = await world.harvester.findList(world.namespace, list);
      expect(running?.status).toBe("Running");
      const id = running?.jobs[0]?.id ?? 0;
      const execution = await world.harvester.findExecution(world.namespace, id);
      expect(execution).toMatchObject({ status: "STARTED", endedAt: undefined });
      expect(execution?.startedAt).toBeTypeOf("number");
      await world.pass(24 * 60 * 60 * 1000);
      const done = await world.harvester.findList(world.namespace, list);
      expect(done).toMatchObject({ status: "Completed" });
      expect(done?.jobs.every((job) => job.exitCode === "COMPLETED")).toBe(true);
      const ended = await world.harvester.findExecution(world.namespace, id);
      expect(ended).toMatchObject({ status: "COMPLETED", exitCode: "COMPLETED" });
      expect(ended?.endedAt).toBeGreaterThan(ended?.startedAt ?? Infinity);
      expect(ended?.readCount).toBeGreaterThan(0);
    });

    it("starts a single job", async () => {
      const job = (await world.harvester.findList(world.namespace, list))?.jobs[1];
      await world.harvester.startJob(world.namespace, job?.id ?? 0);
      const again = (await world.harvester.findList(world.namespace, list))?.jobs[1];
      expect(again?.lastExecution).toBeGreaterThan(job?.lastExecution ?? Infinity);
    });

    it("asks the site under its public name", async () => {
      await world.pass(24 * 60 * 60 * 1000);
      expect(await world.site.probe(world.target)).toEqual({ ok: true });
      expect(await world.site.totalResults(world.target)).toBeGreaterThan(1_000);
      expect(await world.site.hasTaxon(world.target, "urn:lsid:ipni.org:names:1-1")).toBe(true);
    });

    it("counts what a filter of the search leaves", async () => {
      const all = await world.site.totalResults(world.target);
      const accepted = (await world.site.countTaxa(world.target, "accepted_names")) ?? 0;
      expect(accepted).toBeGreaterThan(0);
      expect(accepted).toBeLessThan(all);
      if (!world.showFault) return;
      for (const status of [400, 404, 500]) {
        world.showFault({ kind: "status", status });
        expect(await world.site.countTaxa(world.target, "accepted_names")).toBeUndefined();
      }
      world.showFault({ kind: "status", status: 200, body: "<html>" });
      expect(await world.site.countTaxa(world.target, "accepted_names")).toBeUndefined();
      world.showFault({ kind: "status", status: 503 });
      await expect(world.site.countTaxa(world.target, "genus_f")).rejects.toMatchObject({ code: "OUTAGE" });
    });

    it.each(faults)("calls $kind $status an outage", async (fault) => {
      if (!world.showFault) return;
      const outage = { code: "OUTAGE", dependency: "the harvester" };
      world.showFault(fault);
      await expect(world.harvester.findList(world.namespace, list)).rejects.toMatchObject(outage);
      world.showFault(fault);
      await expect(world.harvester.exportData(world.namespace)).rejects.toMatchObject(outage);
      world.showFault(fault);
      await expect(world.harvester.findExecution(world.namespace, 1)).rejects.toMatchObject(outage);
      world.showFault(fault);
      await expect(world.harvester.importData(world.namespace, bytes)).rejects.toMatchObject(outage);
      world.showFault(fault);
      await expect(world.site.totalResults(world.target)).rejects.toMatchObject({ code: "OUTAGE" });
      if (fault.kind === "garbage") return;
      world.showFault(fault);
      expect(await world.site.probe(world.target)).toMatchObject({ ok: false });
    });

    it("takes an empty answer for a lost database, but not for an export", async () => {
      if (!world.showFault) return;
      world.showFault({ kind: "empty" });
      expect(await world.harvester.findList(world.namespace, list)).toBeUndefined();
      world.showFault({ kind: "empty" });
      await expect(world.harvester.exportData(world.namespace)).rejects.toMatchObject({ code: "OUTAGE" });
    });

    it("tells how long it was asked to wait", async () => {
      if (!world.showFault) return;
      world.showFault({ kind: "status", status: 429, headers: { "Retry-After": "7" } });
      await expect(world.site.totalResults(world.target)).rejects.toMatchObject({ retryAfterMs: 7_000 });
    });

    it("does not find the list of a lost database", async () => {
      await world.loseDatabase();
      expect(await world.harvester.findList(world.namespace, list)).toBeUndefined();
    });
  });
}
