/** What is made of a harvester and a site that don't answer as they should. */
import { expect, it } from "vitest";
import type { Fault } from "../sandbox/faults.ts";
import type { HarvesterWorld } from "./harvester.ts";

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

export function describeHarvesterFaults(
  world: () => HarvesterWorld,
  { list, bytes }: { list: string; bytes: Uint8Array },
): void {
  const shower = (by: "showFault" | "showPage") => (fault: Fault) => {
    const show = world()[by];
    if (!show) throw new Error("no fault can be shown here");
    show(fault);
  };
  const showFault = shower("showFault");
  const showPage = shower("showPage");

  it("has no taxon that the portal does not know", async () => {
    showFault({ kind: "status", status: 404 });
    expect(await world().site.hasTaxon(world().target, "urn:lsid:ipni.org:names:1-1")).toBe(false);
  });

  it.each(faults)("calls $kind $status an outage, and says what was seen", async (fault) => {
    const status = fault.kind === "status" ? { status: fault.status } : {};
    const { harvester, site, namespace, target } = world();
    const outage = { code: "OUTAGE", dependency: "the harvester", ...status };
    for (const ask of [
      () => harvester.findList(namespace, list),
      () => harvester.exportData(namespace),
      () => harvester.findExecution(namespace, 1),
      () => harvester.importData(namespace, bytes),
    ]) {
      showFault(fault);
      await expect(ask()).rejects.toMatchObject(outage);
    }
    // Nothing is read of what these answer.
    if (fault.kind !== "garbage") {
      showFault(fault);
      await expect(harvester.startList(namespace, list)).rejects.toMatchObject(outage);
      showFault(fault);
      await expect(harvester.startJob(namespace, 1)).rejects.toMatchObject(outage);
      showFault(fault);
      expect(await site.probe(target)).toMatchObject({ ok: false });
    }
    const away = { code: "OUTAGE", dependency: "the site", ...status };
    showFault(fault);
    await expect(site.totalResults(target)).rejects.toMatchObject(away);
    showFault(fault);
    await expect(site.countTaxa(target, "accepted_names")).rejects.toMatchObject(away);
    if (fault.kind === "status" && fault.status === 404) return;
    showFault(fault);
    await expect(site.hasTaxon(target, "urn:lsid:ipni.org:names:1-1")).rejects.toMatchObject(away);
  });

  it("takes an empty answer for a lost database, but not for an export or an execution", async () => {
    showFault({ kind: "empty" });
    expect(await world().harvester.findList(world().namespace, list)).toBeUndefined();
    showFault({ kind: "empty" });
    await expect(world().harvester.exportData(world().namespace)).rejects.toMatchObject({ code: "OUTAGE" });
    showFault({ kind: "empty" });
    const execution = world().harvester.findExecution(world().namespace, 1);
    await expect(execution).rejects.toMatchObject({ code: "OUTAGE" });
  });

  it("does not take a count without a number for one", async () => {
    for (const body of ["{}", '{"totalResults": null}', '{"error": "unknown filter"}']) {
      showFault({ kind: "status", status: 200, body });
      const counting = world().site.countTaxa(world().target, "accepted_names");
      await expect(counting).rejects.toMatchObject({ code: "OUTAGE", status: 200 });
    }
  });

  it("tells how long it was asked to wait", async () => {
    for (const [seconds, retryAfterMs] of [
      ["7", 7_000],
      ["0", 0],
      ["999999999", 999_999_999_000],
      ["soon", undefined],
    ] as const) {
      showFault({ kind: "status", status: 429, headers: { "Retry-After": seconds } });
      await expect(world().site.totalResults(world().target)).rejects.toMatchObject({ retryAfterMs });
    }
  });

  it("takes a row that is gone for a job that never ran", async () => {
    showFault({ kind: "status", status: 200, body: "null" });
    expect(await world().harvester.findExecution(world().namespace, 1)).toBeUndefined();
  });

  it("does not take a page for a portal that lives", async () => {
    showPage({ kind: "status", status: 200, body: "<title>Back soon</title>" });
    expect(await world().site.probe(world().target)).toMatchObject({ ok: false });
    // Its limit reached says that it serves.
    showPage({ kind: "status", status: 429 });
    expect(await world().site.probe(world().target)).toEqual({ ok: true });
  });
}
