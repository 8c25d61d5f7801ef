/** Cloud DNS over the sandbox's zones; errors are translated as the adapter does. */
import type { RecordSet } from "../../src/domain/dns-records.ts";
import { ConfigError, ConflictError, PermanentError } from "../../src/errors.ts";
import type { Dns } from "../../src/ports/dns.ts";
import { DnsError, permissionDenied } from "../sandbox/dns/dns-error.ts";
import type { ZoneModel } from "../sandbox/dns/zone-model.ts";

const addressTypes = ["A", "AAAA", "CNAME"];

export function createFakeDns(zones: ReadonlyMap<string, ZoneModel>): Dns {
  const requireZone = (zone: string): ZoneModel => {
    const found = zones.get(zone);
    if (!found)
      throw new ConfigError([{ where: "dns mappings", what: `there is no managed zone '${zone}'` }]);
    if (found.denied === "everything") throw translate(zone, permissionDenied());
    return found;
  };
  return {
    async findZone(zone) {
      return zones.has(zone) ? { dnsName: requireZone(zone).dnsName } : undefined;
    },
    async findRecords(zone, names) {
      const found = requireZone(zone).records();
      return found
        .filter(({ name, type }) => names.includes(name) && addressTypes.includes(type))
        .map(({ name, type, ttl, rrdatas }): RecordSet => ({ zone, name, type, ttlSeconds: ttl, rrdatas }));
    },
    async change({ zone, additions, deletions }) {
      const model = requireZone(zone);
      try {
        if (model.denied === "writes") throw permissionDenied();
        return model.change({ additions: additions.map(toWire), deletions: deletions.map(toWire) }).id;
      } catch (error) {
        throw error instanceof DnsError ? translate(zone, error) : error;
      }
    },
    async findChangeStatus(zone, id) {
      const model = requireZone(zone);
      return model.isDone(model.requireChange(id)) ? "done" : "pending";
    },
  };
}

const toWire = ({ name, type, ttlSeconds: ttl, rrdatas }: RecordSet) => ({ name, type, ttl, rrdatas });

function translate(zone: string, error: DnsError): Error {
  if (error.status === 409 || error.status === 412 || error.status === 404)
    return new ConflictError(`zone ${zone}`);
  const code = error.status === 403 ? "DNS_FORBIDDEN" : "DNS_REFUSED";
  return new PermanentError(code, `zone ${zone}: ${error.message}`, { hint: "it needs roles/dns.admin" });
}
