/** The record sets behind the public names. */

/** One public name and the Service of the release chart that it must point at (dns-mappings.yaml). */
export interface Mapping {
  /** Managed zone in Cloud DNS. */
  zone: string;
  /** Fully qualified, with the dot at the end. */
  name: string;
  /** Label `name` of the Service in the release chart. */
  service: string;
}

/** One record set as Cloud DNS has it; handed back unchanged for deletion, or it does not match. */
export interface RecordSet {
  zone: string;
  name: string;
  /** A, AAAA, CNAME or ALIAS. */
  type: string;
  ttlSeconds: number;
  rrdatas: string[];
  /** A routing policy chooses the answer: `rrdatas` are all addresses that it names, and it can't be deleted by them. */
  routingPolicy?: true;
}

/** One atomic change of one zone. */
export interface ZoneChange {
  zone: string;
  additions: RecordSet[];
  deletions: RecordSet[];
}

/** The managed zones of the mapped names, each once. */
export function zonesOf(mappings: readonly Mapping[]): string[] {
  return [...new Set(mappings.map(({ zone }) => zone))];
}
