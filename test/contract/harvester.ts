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
  { kind: "status", status: 302, headers: { location: "/elsewhere" } },
  { kind: "status", status: 400 },
  { kind: "status", status: 401, body: "<html>who are you?</html>" },
  { kind: "status", status: 403 },
  // What a Tomcat says on every path whose application could not start.
  { kind: "status", status: 404, body: "<html>not deployed</html>" },
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
      expect(ended?.steps).toHaveLength(1);
      expect(ended?.steps[0]).toMatchObject({ exitCode: "COMPLETED", readCount: ended?.readCount });
      expect(ended?.steps[0]?.name).toBeTypeOf("string");
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
      const accepted = await world.site.countTaxa(world.target, "accepted_names");
      expect(accepted).toBeGreaterThan(0);
      expect(accepted).toBeLessThan(all);
      expect(await world.site.countTaxa(world.target, "no_such_filter")).toBe(all);
    });

    it("has no taxon that the portal does not know", async () => {
      if (!world.showFault) return;
      world.showFault({ kind: "status", status: 404 });
      expect(await world.site.hasTaxon(world.target, "urn:lsid:ipni.org:names:1-1")).toBe(false);
    });

    it.each(faults)("calls $kind $status an outage, and says what was seen", async (fault) => {
      if (!world.showFault) return;
      const status = fault.kind === "status" ? { status: fault.status } : {};
      const { harvester, site, namespace, target } = world;
      const outage = { code: "OUTAGE", dependency: "the harvester", ...status };
      for (const ask of [
        () => harvester.findList(namespace, list),
        () => harvester.exportData(namespace),
        () => harvester.findExecution(namespace, 1),
        () => harvester.importData(namespace, bytes),
      ]) {
        world.showFault(fault);
        await expect(ask()).rejects.toMatchObject(outage);
      }
      // Nothing is read of what these answer.
      if (fault.kind !== "garbage") {
        world.showFault(fault);
        await expect(harvester.startList(namespace, list)).rejects.toMatchObject(outage);
        world.showFault(fault);
        await expect(harvester.startJob(namespace, 1)).rejects.toMatchObject(outage);
        world.showFault(fault);
        expect(await site.probe(target)).toMatchObject({ ok: false });
      }
      const away = { code: "OUTAGE", dependency: "the site", ...status };
      world.showFault(fault);
      await expect(site.totalResults(target)).rejects.toMatchObject(away);
      world.showFault(fault);
      await expect(site.countTaxa(target, "accepted_names")).rejects.toMatchObject(away);
      if (fault.kind === "status" && fault.status === 404) return;
      world.showFault(fault);
      await expect(site.hasTaxon(target, "urn:lsid:ipni.org:names:1-1")).rejects.toMatchObject(away);
    });

    it("takes an empty answer for a lost database, but not for an export or an execution", async () => {
      if (!world.showFault) return;
      world.showFault({ kind: "empty" });
      expect(await world.harvester.findList(world.namespace, list)).toBeUndefined();
      world.showFault({ kind: "empty" });
      await expect(world.harvester.exportData(world.namespace)).rejects.toMatchObject({ code: "OUTAGE" });
      world.showFault({ kind: "empty" });
      const execution = world.harvester.findExecution(world.namespace, 1);
      await expect(execution).rejects.toMatchObject({ code: "OUTAGE" });
    });

    it("does not take a count without a number for one", async () => {
      if (!world.showFault) return;
      for (const body of ["{}", '{"totalResults": null}', '{"error": "unknown filter"}']) {
        world.showFault({ kind: "status", status: 200, body });
        const counting = world.site.countTaxa(world.target, "accepted_names");
        await expect(counting).rejects.toMatchObject({ code: "OUTAGE", status: 200 });
      }
    });

    it("tells how long it was asked to wait", async () => {
      if (!world.showFault) return;
      for (const [seconds, retryAfterMs] of [
        ["7", 7_000],
        ["0", 0],
        ["999999999", 999_999_999_000],
        ["soon", undefined],
      ] as const) {
        world.showFault({ kind: "status", status: 429, headers: { "Retry-After": seconds } });
        await expect(world.site.totalResults(world.target)).rejects.toMatchObject({ retryAfterMs });
      }
    });

    it("does not find the list of a lost database", async () => {
      await world.loseDatabase();
      expect(await world.harvester.findList(world.namespace, list)).toBeUndefined();
    });
  });
}
