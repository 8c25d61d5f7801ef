/** Record sets and the rules that each one has to meet by itself. */
import { isIPv4, isIPv6 } from "node:net";
import { DnsError, invalid } from "./dns-error.ts";

export interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  rrdatas: string[];
  /** Chooses the answer, as Google writes it down; `rrdatas` is empty then. Only `put` makes such a set. */
  routingPolicy?: object;
}

export const keyOf = ({ name, type }: { name: string; type: string }): string => `${name} ${type}`;

/** The same record set in every respect that Cloud DNS compares before it deletes one. */
export function isSame(a: RecordSet, b: RecordSet): boolean {
  const data = ({ ttl, rrdatas, routingPolicy }: RecordSet) => JSON.stringify([ttl, rrdatas, routingPolicy]);
  return keyOf(a) === keyOf(b) && data(a) === data(b);
}

const TYPES = new Set("A AAAA ALIAS CAA CNAME MX NAPTR NS PTR SOA SPF SRV TLSA TXT".split(" "));

/** Checks what a caller sent as a record set of this zone; throws DnsError 400. `field` names it in errors. */
export function requireRecordSet(sent: unknown, field: string, dnsName: string): RecordSet {
  if (typeof sent !== "object" || sent === null) throw invalid(field, sent);
  const { name, type, ttl, rrdatas } = sent as Record<string, unknown>;
  if (typeof name !== "string" || !isDnsName(name)) throw invalid(`${field}.name`, name);
  if (name !== dnsName && !name.endsWith(`.${dnsName}`)) {
    throw new DnsError(
      400,
      "invalid",
      `The resource record set '${field}' is invalid because the DNS name '${name}' is not within the managed zone '${dnsName}'.`,
    );
  }
  if (typeof type !== "string" || !TYPES.has(type)) throw invalid(`${field}.type`, type);
  if (!Number.isInteger(ttl) || (ttl as number) < 0 || (ttl as number) > 2 ** 31 - 1) {
    throw invalid(`${field}.ttl`, ttl);
  }
  const data: unknown[] = Array.isArray(rrdatas) ? rrdatas : [];
  if (data.length === 0) throw invalid(`${field}.rrdata`, rrdatas);
  const texts = data.map((entry, index) => {
    if (typeof entry !== "string" || !isData(type, entry)) throw invalid(`${field}.rrdata[${index}]`, entry);
    return entry;
  });
  if (isMisplaced(type, name === dnsName) || (isAlias(type) && texts.length > 1))
    throw invalid(`${field}.rrdata`, texts);
  return { name, type, ttl: ttl as number, rrdatas: texts };
}

const isAlias = (type: string) => type === "CNAME" || type === "ALIAS";
/** An ALIAS stands at the zone's top only, a CNAME never. */
const isMisplaced = (type: string, isApex: boolean) =>
  (type === "CNAME" && isApex) || (type === "ALIAS" && !isApex);

function isDnsName(name: string): boolean {
  if (name.length > 254 || !name.endsWith(".")) return false;
  const labels = name.slice(0, -1).split(".");
  return labels.every(
    (label, index) =>
      /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label) || (index === 0 && label === "*"),
  );
}

function isData(type: string, text: string): boolean {
  if (type === "A") return isIPv4(text);
  if (type === "AAAA") return isIPv6(text);
  if (["ALIAS", "CNAME", "NS", "PTR"].includes(type)) return isDnsName(text);
  return text.length > 0;
}
