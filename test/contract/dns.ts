/** What the steps rely on of Cloud DNS. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecordSet } from "../../src/domain/dns-records.ts";
import { ConfigError, ConflictError, PermanentError, TransientError } from "../../src/errors.ts";
import type { Dns } from "../../src/ports/dns.ts";
import type { Fault } from "../sandbox/faults.ts";

export interface DnsWorld {
  dns: Dns;
  /** A zone of `dnsName`, without records for the names used here. */
  zone: string;
  dnsName: string;
  /** Another account for the same zone, with the role missing. */
  denied: Dns | undefined;
  /** Shows a fault to the next request; undefined where none can be shown. */
  showFault: ((fault: Fault) => void) | undefined;
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

export function describeDns(name: string, make: () => Promise<DnsWorld>): void {
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
      expect(await world.dns.findZone(world.zone)).toEqual({ dnsName: world.dnsName });
      expect(await world.dns.findZone("no-such-zone")).toBeUndefined();
      await expect(world.dns.findRecords("no-such-zone", ["a.example."])).rejects.toBeInstanceOf(ConfigError);
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

    it("gives record sets back so that they can be deleted, and looks at addresses only", async () => {
      const found = await world.dns.findRecords(world.zone, [world.dnsName, `a.${world.dnsName}`]);
      expect(found.map(({ type }) => type)).toEqual(["A"]);
      await change([record("a", "192.0.2.9")], found);
      expect(await world.dns.findRecords(world.zone, [`a.${world.dnsName}`])).toEqual([
        record("a", "192.0.2.9"),
      ]);
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
      expect(failure).toBeInstanceOf(PermanentError);
    });

    it("names the role that is missing", async () => {
      if (!world.denied) return;
      const failure = await world.denied
        .change({ zone: world.zone, additions: [record("z", "192.0.2.1")], deletions: [] })
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "DNS_FORBIDDEN" });
      expect((failure as PermanentError).hint).toContain("dns.admin");
    });

    it.each(faults)("calls $kind $status an outage and doesn't ask again", async (fault) => {
      if (!world.showFault) return;
      world.showFault(fault);
      await expect(world.dns.findZone(world.zone)).rejects.toBeInstanceOf(TransientError);
      world.showFault(fault);
      await expect(world.dns.findRecords(world.zone, [world.dnsName])).rejects.toBeInstanceOf(TransientError);
      world.showFault(fault);
      await expect(change([record("never", "192.0.2.1")], [])).rejects.toBeInstanceOf(TransientError);
      expect(await world.dns.findRecords(world.zone, [`never.${world.dnsName}`])).toEqual([]);
    });

    it("tells how long it was asked to wait", async () => {
      if (!world.showFault) return;
      world.showFault({ kind: "status", status: 429, headers: { "Retry-After": "7" } });
      await expect(world.dns.findZone(world.zone)).rejects.toMatchObject({ retryAfterMs: 7_000 });
    });
  });
}
