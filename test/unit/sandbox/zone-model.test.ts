import { describe, expect, it } from "vitest";
import { ZoneModel, type ZoneOptions } from "../../sandbox/dns/zone-model.ts";
import type { RecordSet } from "../../sandbox/dns/record-set.ts";

const a = (name: string, address: string, ttl = 300): RecordSet => ({
  name,
  type: "A",
  ttl,
  rrdatas: [address],
});
const main = a("prod.plants.example.", "192.0.2.1");

function zoneWith(options: Partial<ZoneOptions> = {}) {
  const clock = { ms: 0 };
  const now = () => clock.ms;
  const zone = new ZoneModel({
    name: "plants",
    dnsName: "plants.example.",
    records: [main],
    now,
    ...options,
  });
  return { zone, clock };
}
const failure = (status: number, reason: string) => expect.objectContaining({ status, reason }) as unknown;

describe("a change", () => {
  it("replaces an address when the deletion matches exactly", () => {
    const { zone } = zoneWith();
    zone.change({ deletions: [main], additions: [a(main.name, "192.0.2.2")] });
    expect(zone.find(main.name)?.rrdatas).toEqual(["192.0.2.2"]);
  });

  it.each([
    ["TTL", { ...main, ttl: 60 }],
    ["data", { ...main, rrdatas: ["192.0.2.9"] }],
    ["type", { ...main, type: "AAAA", rrdatas: ["2001:db8::1"] }],
    ["name", { ...main, name: "other.plants.example." }],
  ])("is refused with 412 when the %s of a deletion differs", (_, deletion) => {
    const { zone } = zoneWith();
    const change = () =>
      zone.change({ deletions: [deletion], additions: [a("b.plants.example.", "192.0.2.2")] });
    expect(change).toThrow(failure(412, "conditionNotMet"));
    expect(zone.find("b.plants.example.")).toBeUndefined();
    expect(zone.changes).toEqual([]);
  });

  it("says 404 for a missing deletion where a test wants the service's other answer", () => {
    const { zone } = zoneWith({ missingDeletion: 404 });
    expect(() => zone.change({ deletions: [a("b.plants.example.", "192.0.2.2")] })).toThrow(
      failure(404, "notFound"),
    );
  });

  it("is refused as a whole with 409 when it adds what exists", () => {
    const { zone } = zoneWith();
    const additions = [a("b.plants.example.", "192.0.2.2"), a(main.name, "192.0.2.2")];
    expect(() => zone.change({ additions })).toThrow(failure(409, "alreadyExists"));
    expect(zone.find("b.plants.example.")).toBeUndefined();
  });

  it.each([
    ["a name without its last dot", a("b.plants.example", "192.0.2.2")],
    ["a name outside the zone", a("b.planets.example.", "192.0.2.2")],
    ["a name that only ends like the zone", a("other-plants.example.", "192.0.2.2")],
    ["an address that is none", a("b.plants.example.", "192.0.2.256")],
    ["no data", { ...a("b.plants.example.", ""), rrdatas: [] }],
    ["no TTL", { name: "b.plants.example.", type: "A", rrdatas: ["192.0.2.2"] }],
    ["an unknown type", { ...a("b.plants.example.", "192.0.2.2"), type: "B" }],
    ["a CNAME at the top", { name: "plants.example.", type: "CNAME", ttl: 1, rrdatas: ["x.example."] }],
  ])("is refused with 400 for %s", (_, addition) => {
    expect(() => zoneWith().zone.change({ additions: [addition] })).toThrow(failure(400, "invalid"));
  });

  it("keeps a CNAME alone at its name", () => {
    const { zone } = zoneWith();
    const alias = { name: main.name, type: "CNAME", ttl: 300, rrdatas: ["elsewhere.example."] };
    expect(() => zone.change({ additions: [alias] })).toThrow(failure(400, "cnameResourceRecordSetConflict"));
    zone.change({ deletions: [main], additions: [alias] });
    expect(() => zone.change({ additions: [main] })).toThrow(failure(400, "cnameResourceRecordSetConflict"));
  });

  it("holds at most 1,000 additions, 1,000 deletions and 100 kB, and something", () => {
    const { zone } = zoneWith();
    const many = (count: number) =>
      Array.from({ length: count }, (_, n) => a(`n${n}.plants.example.`, "192.0.2.2"));
    expect(() => zone.change({ additions: many(1_001) })).toThrow(failure(403, "quotaExceeded"));
    expect(() => zone.change({ deletions: many(1_001) })).toThrow(failure(403, "quotaExceeded"));
    const long = { name: "t.plants.example.", type: "TXT", ttl: 1, rrdatas: ["x".repeat(100_000)] };
    expect(() => zone.change({ additions: [long] })).toThrow(failure(403, "quotaExceeded"));
    expect(() => zone.change({})).toThrow(failure(400, "required"));
    zone.change({ additions: many(1_000) });
    expect(zone.records()).toHaveLength(1_003);
  });

  it("never takes the records at the top away", () => {
    const { zone } = zoneWith();
    const top = zone.find("plants.example.", "NS");
    expect(() => zone.change({ deletions: [top] })).toThrow(failure(400, "invalid"));
  });

  it("stays pending for its time", () => {
    const { zone, clock } = zoneWith({ pendingMs: 10_000 });
    const change = zone.change({ additions: [a("b.plants.example.", "192.0.2.2")] });
    expect(zone.isDone(change)).toBe(false);
    clock.ms = 10_000;
    expect(zone.isDone(zone.requireChange(change.id))).toBe(true);
    expect(() => zone.requireChange("99")).toThrow(failure(404, "notFound"));
  });
});

describe("the history of a zone", () => {
  it("tells what was listed, served and still kept by resolvers at any time", () => {
    const { zone, clock } = zoneWith({ pendingMs: 10_000 });
    clock.ms = 100_000;
    zone.change({ deletions: [main], additions: [a(main.name, "192.0.2.2", 60)] });
    const listed = (at: number) => zone.recordAt(main.name, "A", at)?.rrdatas;
    const served = (at: number) => zone.servedAt(main.name, "A", at)?.rrdatas;
    const kept = (at: number) => zone.mayBeAnswered(main.name, "A", at);
    expect([listed(99_999), listed(100_000)]).toEqual([["192.0.2.1"], ["192.0.2.2"]]);
    expect([served(109_999), served(110_000)]).toEqual([["192.0.2.1"], ["192.0.2.2"]]);
    expect(kept(109_999)).toEqual(["192.0.2.1"]);
    expect(kept(409_999)).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect(kept(410_000)).toEqual(["192.0.2.2"]);
  });

  it("includes what somebody else did by hand", () => {
    const { zone, clock } = zoneWith();
    clock.ms = 5;
    zone.put(a(main.name, "192.0.2.7"));
    clock.ms = 9;
    zone.remove(main.name);
    expect(zone.recordAt(main.name, "A", 6)?.rrdatas).toEqual(["192.0.2.7"]);
    expect(zone.find(main.name)).toBeUndefined();
    expect(zone.changes).toEqual([]);
  });
});
