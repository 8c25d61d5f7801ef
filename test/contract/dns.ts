/** What the steps rely on of Cloud DNS. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecordSet } from "../../src/domain/dns-records.ts";
import { ConflictError, TransientError } from "../../src/errors.ts";
import type { Dns } from "../../src/ports/dns.ts";
import type { ZoneModel } from "../sandbox/dns/zone-model.ts";
import type { Fault } from "../sandbox/faults.ts";

export interface DnsWorld {
  dns: Dns;
  /** A zone of `dnsName`, without records for the names used here. */
  zone: string;
  dnsName: string;
  /** The zone itself. */
  model: ZoneModel;
  /** Another account for the same zone, with the role missing. */
  denied: Dns;
  /** Shows a fault to the next request; left out where none can be shown, so that those cases aren't declared. */
  showFault?: (fault: Fault) => void;
  /** Lets a pending change be done. */
  settle(): void | Promise<void>;
  close(): Promise<void>;
}

const faults: Fault[] = [
  { kind: "reset" },
  { kind: "hang" },
  { kind: "garbage" },
  { kind: "truncated" },
  { kind: "empty" },
  { kind: "status", status: 500 },
  { kind: "status", status: 503 },
];

export function describeDns(
  name: string,
  make: () => Promise<DnsWorld>,
  { showsFaults = true }: { showsFaults?: boolean } = {},
): void {
  describe(`${name} as Dns`, () => {
    let world: DnsWorld;
    beforeAll(async () => void (world = await make()));
    afterAll(() => world.close());

    const record = (label: string, address: string, ttlSeconds = 300): RecordSet => ({
      zone: world.zone,
      name: `${label}.${world.dnsName}`,
      type: "A",
      ttlSeconds,
      rrdatas: [address],
    });
    const change = (additions: RecordSet[], deletions: RecordSet[]) =>
      world.dns.change({ zone: world.zone, additions, deletions });

    it("finds a zone, or says that there is none", async () => {
      const found = await world.dns.findZone(world.zone);
      expect(found).toEqual({ dnsName: world.dnsName, visibility: "public" });
      expect(await world.dns.findZone("no-such-zone")).toBeUndefined();
      const failure = await world.dns
        .findRecords("no-such-zone", ["a.example."])
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TransientError);
      expect(failure).toMatchObject({ status: 404 });
    });

    it("tells zones whose records the public doesn't find", async () => {
      const { kind } = world.model;
      const network = { targetNetwork: { networkUrl: "https://compute.example/networks/n" } };
      const servers = { targetNameServers: [{ ipv4Address: "192.0.2.53" }] };
      world.model.kind = { visibility: "private", peeringConfig: network };
      expect(await world.dns.findZone(world.zone)).toMatchObject(world.model.kind);
      world.model.kind = { visibility: "private", forwardingConfig: servers };
      const found = await world.dns.findZone(world.zone);
      expect(found).toMatchObject(world.model.kind);
      expect(found?.peeringConfig).toBeUndefined();
      world.model.kind = kind;
    });

    it("names the rights that an account lacks", async () => {
      expect(await world.dns.findMissingRights(world.zone)).toEqual([]);
      expect(await world.denied.findMissingRights(world.zone)).toEqual([
        "dns.changes.create",
        "dns.resourceRecordSets.create",
        "dns.resourceRecordSets.delete",
        "dns.resourceRecordSets.update",
      ]);
      expect(await world.dns.findMissingRights("no-such-zone")).toBeUndefined();
    });

    it("adds several names in one change, and finds exactly those asked for", async () => {
      const records = [record("a", "192.0.2.1"), record("b", "192.0.2.2"), record("other", "192.0.2.3")];
      const id = await change(records, []);
      expect(await world.dns.findChangeStatus(world.zone, id)).toBe("pending");
      await world.settle();
      expect(await world.dns.findChangeStatus(world.zone, id)).toBe("done");
      const names = [`a.${world.dnsName}`, `b.${world.dnsName}`, `missing.${world.dnsName}`];
      expect(await world.dns.findRecords(world.zone, names)).toEqual(records.slice(0, 2));
    });

    it("finds the changes that are not done, the newest first", async () => {
      const add = (label: string) => change([record(label, "192.0.2.20")], []);
      await world.settle();
      // More than one answer holds: the newest are what counts.
      for (let n = 0; n < 20; n += 1) await add(`done-${n}`);
      await world.settle();
      expect(await world.dns.findPending(world.zone)).toEqual([]);
      const [one, two] = [await add("pending-1"), await add("pending-2")];
      expect(await world.dns.findPending(world.zone)).toEqual([two, one]);
      await world.settle();
      expect(await world.dns.findPending(world.zone)).toEqual([]);
    });

    it("gives record sets back so that they can be deleted, and looks at addresses only", async () => {
      const found = await world.dns.findRecords(world.zone, [world.dnsName, `a.${world.dnsName}`]);
      expect(found.map(({ type }) => type)).toEqual(["A"]);
      await change([record("a", "192.0.2.9")], found);
      expect(await world.dns.findRecords(world.zone, [`a.${world.dnsName}`])).toEqual([
        record("a", "192.0.2.9"),
      ]);
    });

    it("tells what stands at a name instead of addresses, and where a routing policy leads", async () => {
      const alias = { name: world.dnsName, type: "ALIAS", ttl: 60, rrdatas: ["other.example."] };
      const items = [{ weight: 1, rrdatas: ["198.51.100.1"] }];
      const backup = { geo: { items: [{ location: "europe-west1", rrdatas: ["198.51.100.2"] }] } };
      const routingPolicy = { wrr: { items }, primaryBackup: { backupGeoTargets: backup } };
      const routed = { name: `routed.${world.dnsName}`, type: "A", ttl: 30, rrdatas: [], routingPolicy };
      for (const set of [alias, routed]) world.model.put(set);
      expect(await world.dns.findRecords(world.zone, [alias.name, routed.name])).toEqual([
        { zone: world.zone, name: alias.name, type: "ALIAS", ttlSeconds: 60, rrdatas: alias.rrdatas },
        {
          zone: world.zone,
          name: routed.name,
          type: "A",
          ttlSeconds: 30,
          rrdatas: ["198.51.100.1", "198.51.100.2"],
          routingPolicy: true,
        },
      ]);
      const stale = { ...record("routed", "198.51.100.1", 30) };
      await expect(change([], [stale])).rejects.toBeInstanceOf(ConflictError);
      for (const { name: at, type } of [alias, routed]) world.model.remove(at, type);
    });

    it("finds every address of a zone, over all pages", async () => {
      const v6 = { name: `v6.${world.dnsName}`, type: "AAAA", ttl: 300, rrdatas: ["2001:db8::1"] };
      world.model.put(v6);
      for (let n = 100; n < 350; n += 1)
        world.model.put({ name: `n${n}.${world.dnsName}`, type: "A", ttl: 300, rrdatas: ["192.0.2.7"] });
      const found = await world.dns.findAddressRecords(world.zone);
      expect(new Set(found.map(({ type }) => type))).toEqual(new Set(["A", "AAAA"]));
      expect(found.filter(({ name: at }) => /^n\d/.test(at))).toHaveLength(250);
      expect(found).toContainEqual({
        zone: world.zone,
        name: v6.name,
        type: "AAAA",
        ttlSeconds: 300,
        rrdatas: v6.rrdatas,
      });
      world.model.remove(v6.name, "AAAA");
      for (let n = 100; n < 350; n += 1) world.model.remove(`n${n}.${world.dnsName}`);
    });

    it("refuses a change whose deletion doesn't match any more, as a whole", async () => {
      const stale = change(
        [record("a", "192.0.2.10"), record("new", "192.0.2.11")],
        [record("a", "192.0.2.1")],
      );
      await expect(stale).rejects.toBeInstanceOf(ConflictError);
      await expect(change([], [record("nothing-here", "192.0.2.1")])).rejects.toBeInstanceOf(ConflictError);
      expect(await world.dns.findRecords(world.zone, [`new.${world.dnsName}`])).toEqual([]);
    });

    it("refuses to add what exists", async () => {
      await expect(change([record("b", "192.0.2.12")], [])).rejects.toBeInstanceOf(ConflictError);
    });

    it("says that a change makes no sense", async () => {
      const elsewhere = { ...record("a", "192.0.2.1"), name: "a.elsewhere.test." };
      const failure = await change([elsewhere], []).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TransientError);
      expect(failure).toMatchObject({ status: 400 });
    });

    it("names the role that is missing", async () => {
      const failure = await world.denied
        .change({ zone: world.zone, additions: [record("z", "192.0.2.1")], deletions: [] })
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ status: 403 });
      expect((failure as TransientError).hint).toContain("dns.admin");
    });

    if (!showsFaults) return;
    const showFault = (fault: Fault) => {
      if (!world.showFault) throw new Error("no fault can be shown here");
      world.showFault(fault);
    };

    it.each(faults)("calls $kind $status an outage and doesn't ask again", async (fault) => {
      showFault(fault);
      await expect(world.dns.findZone(world.zone)).rejects.toBeInstanceOf(TransientError);
      showFault(fault);
      await expect(world.dns.findRecords(world.zone, [world.dnsName])).rejects.toBeInstanceOf(TransientError);
      showFault(fault);
      await expect(change([record("never", "192.0.2.1")], [])).rejects.toBeInstanceOf(TransientError);
      expect(await world.dns.findRecords(world.zone, [`never.${world.dnsName}`])).toEqual([]);
    });

    it("tells how long it was asked to wait", async () => {
      showFault({ kind: "status", status: 429, headers: { "Retry-After": "7" } });
      await expect(world.dns.findZone(world.zone)).rejects.toMatchObject({ retryAfterMs: 7_000 });
    });
  });
}
