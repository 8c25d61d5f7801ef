/** Reads from DNS and the cluster what is live right now; shared by every interlock. */
import type { Mapping, RecordSet } from "../domain/dns-records.ts";
import { type Candidate, findLive, type Live, whyItStays } from "../domain/live.ts";
import { isReleaseName } from "../domain/names.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Task } from "../pipeline/task.ts";

export interface LiveReading extends Live {
  records: RecordSet[];
  /** The namespaces that have the environment's name pattern. */
  candidates: Candidate[];
}

/** The record sets of all mapped names, zone by zone. */
export async function readRecords({
  ports,
  settings,
}: Pick<Task, "ports" | "settings">): Promise<RecordSet[]> {
  const zones = Map.groupBy(settings.mappings, ({ zone }: Mapping) => zone);
  const found = await Promise.all(
    [...zones].map(([zone, mapped]) =>
      ports.dns.findRecords(
        zone,
        mapped.map(({ name }) => name),
      ),
    ),
  );
  return found.flat();
}

/** What the public names point at, and which namespaces could be this environment's. */
export async function readLive(task: Pick<Task, "ports" | "settings">): Promise<LiveReading> {
  const { ports, settings } = task;
  const [records, all] = await Promise.all([readRecords(task), ports.cluster.findNamespaces()]);
  const candidates: Candidate[] = [];
  for (const namespace of all.filter(({ name }) => isReleaseName(settings.environment, name)))
    candidates.push({ ...namespace, services: await ports.cluster.findServices(namespace.name) });
  return { ...findLive(settings, records, candidates), records, candidates };
}

/** Every namespace of the environment with the reason why it stays; undefined: it is a leftover that nothing needs. */
export function judgeLeftovers(
  { settings, clock }: Pick<Task, "settings" | "clock">,
  { candidates, releases: live }: LiveReading,
  inUse: readonly string[],
): { name: string; stays: string | undefined }[] {
  const context = { ...settings, live, inUse, now: timestamp(clock) };
  return candidates.map((candidate) => ({ name: candidate.name, stays: whyItStays(candidate, context) }));
}
