import { z } from "zod";
import type { RecordSet, ZoneChange } from "../../domain/dns-records.ts";
import { ConflictError, PermanentError } from "../../errors.ts";
import type { Dns } from "../../ports/dns.ts";
import { createAsk, type Ask, type GoogleDnsOptions } from "./client.ts";
import { readAnswer } from "./errors.ts";

export type { GoogleDnsOptions } from "./client.ts";

const zoneSchema = z.object({ dnsName: z.string() });
const recordSchema = z.object({
  name: z.string(),
  type: z.string(),
  ttl: z.number().optional(),
  rrdatas: z.array(z.string()).optional(),
});
const recordsSchema = z.object({
  rrsets: z.array(recordSchema).optional(),
  nextPageToken: z.string().optional(),
});
const changeSchema = z.object({ id: z.string(), status: z.string() });

/** Types that can stand behind a public name. */
const addressTypes = new Set(["A", "AAAA", "CNAME"]);

/**
 * Cloud DNS without retries. All methods throw TransientError for an outage, ConfigError without credentials or zone,
 * PermanentError DNS_FORBIDDEN, DNS_LOGIN or DNS_REFUSED.
 */
export function createGoogleDns(options: GoogleDnsOptions): Dns {
  const ask = createAsk(options);
  return {
    async findZone(zone) {
      const answer = await ask("GET", [zone]);
      return answer.status === 404 ? undefined : readAnswer(zone, answer, zoneSchema);
    },
    async findRecords(zone, names) {
      const found = await Promise.all([...new Set(names)].map((name) => findByName(ask, zone, name)));
      return found.flat();
    },
    change: (change) => sendChange(ask, change),
    async findChangeStatus(zone, id) {
      const { status } = readAnswer(zone, await ask("GET", [zone, "changes", id]), changeSchema);
      return status === "done" ? "done" : "pending";
    },
  };
}

async function findByName(ask: Ask, zone: string, name: string): Promise<RecordSet[]> {
  const found: RecordSet[] = [];
  let pageToken: string | undefined;
  do {
    const query = { name, ...(pageToken !== undefined && { pageToken }) };
    const page = readAnswer(zone, await ask("GET", [zone, "rrsets"], { query }), recordsSchema);
    for (const record of page.rrsets ?? []) {
      if (record.name === name && addressTypes.has(record.type)) found.push(toRecordSet(zone, record));
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return found;
}

function toRecordSet(zone: string, record: z.infer<typeof recordSchema>): RecordSet {
  const { name, type, ttl, rrdatas } = record;
  if (ttl === undefined || rrdatas === undefined) {
    throw new PermanentError(
      "DNS_REFUSED",
      `zone ${zone}: ${type} ${name} has a routing policy instead of data`,
      {
        hint: "make it a plain record set: the builder can't tell where such a name points",
      },
    );
  }
  return { zone, name, type, ttlSeconds: ttl, rrdatas };
}

async function sendChange(ask: Ask, change: ZoneChange): Promise<string> {
  const { zone } = change;
  const toBody = ({ name, type, ttlSeconds, rrdatas }: RecordSet) => ({
    name,
    type,
    ttl: ttlSeconds,
    rrdatas,
  });
  const body = { additions: change.additions.map(toBody), deletions: change.deletions.map(toBody) };
  const answer = await ask("POST", [zone, "changes"], { body });
  // A deletion of what is gone is a 404 as well, so the zone itself tells which it was.
  if (answer.status === 404 && change.deletions.length > 0 && (await ask("GET", [zone])).status === 200) {
    throw new ConflictError(`zone ${zone}`);
  }
  return readAnswer(zone, answer, changeSchema).id;
}
