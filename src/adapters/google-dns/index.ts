import { isIP } from "node:net";
import type { Zone } from "@google-cloud/dns";
import * as z from "zod";
import type { RecordSet, ZoneChange } from "../../domain/dns-records.ts";
import { ConflictError, TransientError } from "../../errors.ts";
import type { Dns } from "../../ports/dns.ts";
import { createAsk, type Ask, type GoogleDnsOptions } from "./client.ts";

const zoneSchema = z.object({
  dnsName: z.string(),
  visibility: z.enum(["public", "private"]).optional(),
  peeringConfig: z.looseObject({}).optional(),
  forwardingConfig: z.looseObject({}).optional(),
});
const metadata = (zone: Zone): Promise<unknown[]> => zone.getMetadata();
const anySet = z.object({ name: z.string(), type: z.string(), ttl: z.number() });
const setSchema = z.union([
  anySet.extend({ routingPolicy: z.looseObject({}) }),
  anySet.extend({ rrdatas: z.array(z.string()) }),
]);
type Rrset = z.infer<typeof setSchema>;
const pageSchema = z
  .object({ kind: z.string(), rrsets: z.array(setSchema), nextPageToken: z.string() })
  .partial()
  .refine(({ kind, rrsets }) => kind ?? rrsets);
const changeSchema = z.object({ id: z.string(), status: z.enum(["pending", "done"]) });
const changesSchema = z.object({ changes: z.array(changeSchema) });
const rightsSchema = z.object({ permissions: z.array(z.string()).default([]) });

const neededRights = [
  "dns.changes.create",
  "dns.changes.get",
  ...["create", "delete", "list", "update"].map((verb) => `dns.resourceRecordSets.${verb}`),
];

/** Cloud DNS without retries. All methods throw ConfigError when GOOGLE_APPLICATION_CREDENTIALS is no key. */
export function createGoogleDns(options: GoogleDnsOptions): Dns {
  const ask = createAsk(options);
  return {
    findZone: (name) => ask(name, zoneSchema, metadata).catch(noneFor(404)),
    async findRecords(zone, names) {
      const types = ["A", "AAAA", "CNAME", "ALIAS"];
      const found = await Promise.all([...new Set(names)].map((name) => list(ask, zone, types, name)));
      return found.flat();
    },
    findAddressRecords: (zone) => list(ask, zone, ["A", "AAAA"]),
    async findMissingRights(name) {
      const request = { method: "POST", uri: ":testIamPermissions", json: { permissions: neededRights } };
      // Emulators may not know this call, and Google may refuse it.
      const asked = ask(name, rightsSchema, (zone) => zone.request(request));
      const found = await asked.catch(noneFor(400, 403, 404, 405, 501));
      return found && neededRights.filter((right) => !found.permissions.includes(right));
    },
    change: (change) => sendChange(ask, change),
    findChangeStatus: async (name, id) =>
      (await ask(name, changeSchema, (zone) => zone.change(id).getMetadata())).status,
    async findPending(name) {
      const request = { uri: "/changes", qs: { sortOrder: "descending", maxResults: 20 } };
      const asked = ask(name, changesSchema, (zone) => zone.request(request));
      const found = await asked.catch(noneFor(400, 403, 404, 405, 501));
      return found?.changes.filter(({ status }) => status === "pending").map(({ id }) => id);
    },
  };
}

/** Record sets, page by page. The library's own listing follows a page that leads to itself for ever. */
async function list(ask: Ask, zone: string, types: string[], name?: string): Promise<RecordSet[]> {
  const found: RecordSet[] = [];
  const seen = new Set([""]);
  let pageToken = "";
  do {
    seen.add(pageToken);
    const qs = { ...(name !== undefined && { name }), ...(pageToken !== "" && { pageToken }) };
    const page = await ask(zone, pageSchema, (asked) => asked.request({ uri: "/rrsets", qs }));
    const fits = (set: Rrset) => types.includes(set.type) && (name ?? set.name) === set.name;
    found.push(...(page.rrsets ?? []).filter(fits).map((set) => toRecordSet(zone, set)));
    pageToken = page.nextPageToken ?? "";
  } while (!seen.has(pageToken));
  return found;
}

function toRecordSet(zone: string, { name, type, ttl, ...data }: Rrset): RecordSet {
  const set = { zone, name, type, ttlSeconds: ttl };
  if ("rrdatas" in data) return { ...set, rrdatas: data.rrdatas };
  return { ...set, rrdatas: addressesIn(data.routingPolicy), routingPolicy: true };
}

/** All addresses in a routing policy: its kinds hold them at different depths. */
function addressesIn(policy: unknown): string[] {
  if (typeof policy === "string") return isIP(policy) === 0 ? [] : [policy];
  return typeof policy === "object" && policy !== null ? Object.values(policy).flatMap(addressesIn) : [];
}

async function sendChange(ask: Ask, { zone, additions, deletions }: ZoneChange): Promise<string> {
  try {
    const { id } = await ask(zone, changeSchema, async (asked) => {
      const toRecord = ({ name, type, ttlSeconds, rrdatas }: RecordSet) =>
        asked.record(type, { name, ttl: ttlSeconds, data: rrdatas });
      const change = { add: additions.map(toRecord), delete: deletions.map(toRecord) };
      const [, body] = (await asked.createChange(change)) as [unknown, unknown];
      return [body];
    });
    return id;
  } catch (error) {
    const status = error instanceof TransientError ? error.status : undefined;
    // A deletion of what is gone is a 404, as is a zone that is gone: the zone itself tells which it was.
    const isGone = status === 404 && deletions.length > 0 && (await ask(zone, zoneSchema, metadata));
    throw isGone || status === 409 || status === 412 ? new ConflictError(`zone ${zone}`, error) : error;
  }
}

/** For `catch`: nothing for these statuses, the error for all others. */
function noneFor(...statuses: number[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof TransientError) || !statuses.includes(error.status ?? 0)) throw error;
  };
}
