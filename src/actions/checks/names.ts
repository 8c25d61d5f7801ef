/** Whether every zone is the public's, may be changed, holds the names mapped in it and could take an address record for them. */
import type { RecordSet } from "../../domain/dns-records.ts";
import { isOurs, unfitRecords } from "../../domain/live.ts";
import type { Problem } from "../../errors.ts";
import type { Task } from "../../pipeline/task.ts";
import type { Dns } from "../../ports/dns.ts";
import { readCandidates, type DeletionReading, deletionReadingOf } from "../read-live.ts";
import { unlessMistaken } from "./chart.ts";
import type { Check } from "./index.ts";

/** Checks all zones, and finds what is live by the same reading of their records. */
export async function checkNames(task: Task): Promise<Check<DeletionReading>> {
  const { mappings } = task.settings;
  const zones = Map.groupBy(mappings, ({ zone }) => zone);
  const problems: Problem[] = [];
  const [candidates, ...read] = await Promise.all([
    unlessMistaken(readCandidates(task), problems),
    ...[...zones].map(([zone, mapped]) => {
      const names = mapped.map(({ name }) => name);
      return unlessMistaken(checkZone(task, zone, names), problems);
    }),
  ]);
  const records = read.flatMap((zone) => zone?.records ?? []);
  problems.push(...read.flatMap((zone) => zone?.problems ?? []));
  const ours = (candidates ?? []).filter((candidate) => isOurs(candidate, task.settings));
  const unfit = unfitRecords(records, ours);
  problems.push(...unfit.map(({ name, what }) => ({ where: `name "${name}"`, what })));
  const warnings = records
    .filter(({ name, type }) => type === "AAAA" && !unfit.some((other) => other.name === name))
    .map(({ name }) => `${name} also has an AAAA record, which is left as it is`);
  const addresses = read.flatMap((zone) => zone?.addresses ?? []);
  const result = candidates && deletionReadingOf(task, { records, candidates }, addresses);
  return { result, problems, warnings, checked: 2 * zones.size + mappings.length + 1 };
}

async function checkZone(
  { ports: { dns } }: Task,
  zone: string,
  names: readonly string[],
): Promise<{ problems: Problem[]; records: RecordSet[]; addresses: RecordSet[] }> {
  const where = `zone "${zone}"`;
  const found = await dns.findZone(zone);
  if (!found) {
    const what = "Cloud DNS has no such managed zone in G_PROJECT; correct the name";
    return { problems: [{ where, what }], records: [], addresses: [] };
  }
  const isInside = (name: string) => name === found.dnsName || name.endsWith(`.${found.dnsName}`);
  const problems = names
    .filter((name) => !isInside(name))
    .map((name) => ({
      where: `name "${name}"`,
      what: `is not in zone ${zone}, which holds ${found.dnsName}; correct the name or its zone`,
    }));
  const kind = hiddenKind(found);
  if (kind !== undefined)
    problems.push({ where, what: `is a ${kind}; map the names to the public zone that holds them` });
  const missing = (await dns.findMissingRights(zone)) ?? [];
  if (missing.length > 0) {
    const lacks = `the builder's account lacks ${missing.join(", ")} there`;
    problems.push({ where, what: `${lacks}; grant it roles/dns.admin in the project of the zone` });
  }
  const inside = names.filter(isInside);
  const records = inside.length > 0 ? await dns.findRecords(zone, inside) : [];
  return { problems, records, addresses: await dns.findAddressRecords(zone) };
}

function hiddenKind(zone: NonNullable<Awaited<ReturnType<Dns["findZone"]>>>): string | undefined {
  const { visibility, peeringConfig, forwardingConfig } = zone;
  if (peeringConfig) return "peering zone: names in it are looked up in another network's zones";
  if (forwardingConfig) return "forwarding zone: names in it are looked up on other name servers";
  return visibility === "private" ? "private zone: the public can't look up its names" : undefined;
}
