/** Cloud DNS over the sandbox's zones; errors are translated as the adapter does. */
import { isIP } from "node:net";
import type { RecordSet } from "../../src/domain/dns-records.ts";
import { ConflictError, TransientError } from "../../src/errors.ts";
import type { Dns } from "../../src/ports/dns.ts";
import { DnsError, notFound, permissionDenied } from "../sandbox/dns/dns-error.ts";
import type { RecordSet as WireSet } from "../sandbox/dns/record-set.ts";
import type { ZoneModel } from "../sandbox/dns/zone-model.ts";

const neededRights = [
  "dns.changes.create",
  "dns.changes.get",
  "dns.resourceRecordSets.create",
  "dns.resourceRecordSets.delete",
  "dns.resourceRecordSets.list",
  "dns.resourceRecordSets.update",
];

export function createFakeDns(zones: ReadonlyMap<string, ZoneModel>): Dns {
  const requireZone = (zone: string): ZoneModel => {
    const found = zones.get(zone);
    if (!found) throw translate(zone, notFound(`parameters.managedZone' resource named '${zone}'`));
    if (found.denied === "everything") throw translate(zone, permissionDenied());
    return found;
  };
  const find = (zone: string, wanted: (set: WireSet) => boolean) =>
    requireZone(zone)
      .records()
      .filter(wanted)
      .map((set) => fromWire(zone, set));
  return {
    async findZone(zone) {
      if (!zones.has(zone)) return undefined;
      const { dnsName, kind } = requireZone(zone);
      return { dnsName, ...kind };
    },
    findRecords: async (zone, names) =>
      find(zone, ({ name, type }) => names.includes(name) && ["A", "AAAA", "CNAME", "ALIAS"].includes(type)),
    findAddressRecords: async (zone) => find(zone, ({ type }) => ["A", "AAAA"].includes(type)),
    async findMissingRights(zone) {
      const granted = zones.get(zone)?.granted(neededRights);
      return granted && neededRights.filter((right) => !granted.includes(right));
    },
    async change({ zone, additions, deletions }) {
      const model = requireZone(zone);
      try {
        if (model.denied === "writes") throw permissionDenied();
        return model.change({ additions: additions.map(toWire), deletions: deletions.map(toWire) }).id;
      } catch (error) {
        if (!(error instanceof DnsError)) throw error;
        throw [404, 409, 412].includes(error.status)
          ? new ConflictError(`zone ${zone}`)
          : translate(zone, error);
      }
    },
    async findChangeStatus(zone, id) {
      const model = requireZone(zone);
      return model.isDone(model.requireChange(id)) ? "done" : "pending";
    },
    async findPending(zone) {
      const model = requireZone(zone);
      const newest = model.changes.toReversed().slice(0, 20);
      return newest.filter((change) => !model.isDone(change)).map(({ id }) => id);
    },
  };
}

const toWire = ({ name, type, ttlSeconds: ttl, rrdatas }: RecordSet) => ({ name, type, ttl, rrdatas });

function fromWire(zone: string, { name, type, ttl, rrdatas, routingPolicy }: WireSet): RecordSet {
  const set = { zone, name, type, ttlSeconds: ttl };
  if (!routingPolicy) return { ...set, rrdatas };
  const texts = JSON.stringify(routingPolicy).split('"');
  return { ...set, rrdatas: texts.filter((text) => isIP(text) !== 0), routingPolicy: true };
}

function translate(zone: string, { status, message }: DnsError): TransientError {
  const hint = status === 403 ? "it needs roles/dns.admin" : undefined;
  return new TransientError("Cloud DNS", `zone ${zone}: ${message}`, { status, hint });
}
