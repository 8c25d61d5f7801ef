import type { RecordSet, ZoneChange } from "../domain/dns-records.ts";

/** Google Cloud DNS (facts.md, 6). */
export interface Dns {
  /** undefined when there is no such zone. `dnsName` ends with a dot. */
  findZone(zone: string): Promise<{ dnsName: string } | undefined>;
  /** The A, AAAA and CNAME record sets of these names. */
  findRecords(zone: string, names: readonly string[]): Promise<RecordSet[]>;
  /**
   * Sends one atomic Change; returns its id. Throws ConflictError when a deletion no longer matches (412) or an
   * addition exists (409): nothing was changed then. Throws PermanentError DNS_FORBIDDEN on 403.
   */
  change(change: ZoneChange): Promise<string>;
  findChangeStatus(zone: string, id: string): Promise<"pending" | "done">;
}
