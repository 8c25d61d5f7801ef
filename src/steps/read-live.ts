/** Reads from DNS and the cluster what is live right now; shared by every interlock. */
import type { Mapping, RecordSet } from "../domain/dns-records.ts";
import { findLive, type Live } from "../domain/live.ts";
import { isReleaseName } from "../domain/names.ts";
import type { NamespaceView } from "../domain/release.ts";
import type { ServiceView } from "../domain/workloads.ts";
import type { Ports } from "../ports/index.ts";

export interface LiveReading extends Live {
  records: RecordSet[];
  /** The namespaces that have the environment's name pattern. */
  namespaces: NamespaceView[];
}

/** The record sets of all mapped names, zone by zone. Throws what the DNS port throws. */
export async function readRecords(dns: Ports["dns"], mappings: readonly Mapping[]): Promise<RecordSet[]> {
  const zones = [...new Set(mappings.map(({ zone }) => zone))];
  const found = await Promise.all(
    zones.map((zone) => {
      const names = mappings.filter((mapping) => mapping.zone === zone).map(({ name }) => name);
      return dns.findRecords(zone, names);
    }),
  );
  return found.flat();
}

/** What the public names point at, and which namespaces could be this environment's. */
export async function readLive(
  { cluster, dns }: Pick<Ports, "cluster" | "dns">,
  environment: string,
  mappings: readonly Mapping[],
): Promise<LiveReading> {
  const [records, all] = await Promise.all([readRecords(dns, mappings), cluster.findNamespaces()]);
  const namespaces = all.filter(({ name }) => isReleaseName(environment, name));
  const services = new Map<string, ServiceView[]>();
  for (const { name } of namespaces) services.set(name, await cluster.findServices(name));
  return { ...findLive(environment, records, services), records, namespaces };
}
