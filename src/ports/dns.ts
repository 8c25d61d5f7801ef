import type { RecordSet, ZoneChange } from "../domain/dns-records.ts";

/** A managed zone, as far as it tells whether the public finds its records. */
interface ManagedZone {
  /** Ends with a dot. */
  dnsName: string;
  visibility?: "public" | "private" | undefined;
  /** There when names are looked up in another network's zones. */
  peeringConfig?: object | undefined;
  /** There when names are looked up on other name servers. */
  forwardingConfig?: object | undefined;
}

/** Google Cloud DNS. Every answer that is not named here throws TransientError with the status that was seen. */
export interface Dns {
  /** undefined when there is no such zone. */
  findZone(zone: string): Promise<ManagedZone | undefined>;
  /** What stands at these names and can lead to an address: A, AAAA, CNAME and ALIAS record sets. */
  findRecords(zone: string, names: readonly string[]): Promise<RecordSet[]>;
  /** All A and AAAA record sets of a zone. */
  findAddressRecords(zone: string): Promise<RecordSet[]>;
  /** The permissions that a swap needs and this account lacks in the zone; undefined when that can't be asked. */
  findMissingRights(zone: string): Promise<string[] | undefined>;
  /**
   * Sends one atomic Change; returns its id. Throws ConflictError when a deletion no longer matches (412, or 404 in a
   * zone that exists) or an addition exists (409): nothing was changed then.
   */
  change(change: ZoneChange): Promise<string>;
  findChangeStatus(zone: string, id: string): Promise<"pending" | "done">;
  /** Which of the zone's newest Changes are not done, whoever sent them; undefined: it can't be asked here. */
  findPending(zone: string): Promise<string[] | undefined>;
}
