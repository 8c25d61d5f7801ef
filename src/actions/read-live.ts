/** Reads from DNS and the cluster what is live right now; shared by every interlock. */
import { type Mapping, type RecordSet, zonesOf } from "../domain/dns-records.ts";
import {
  type Candidate,
  type DeletionContext,
  findLive,
  findPointing,
  type Live,
  staysForNow,
  whyItStays,
  whyUnsure,
} from "../domain/live.ts";
import { annotations, isReleaseName } from "../domain/names.ts";
import type { RenderedObject } from "../domain/release.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Task } from "../pipeline/task.ts";

export interface LiveReading extends Live {
  /** The record sets of the mapped names. */
  records: RecordSet[];
  /** The namespaces that have the environment's name pattern. */
  candidates: Candidate[];
}

/** What decides about deletions: what is live, and every other name of the zones that leads to a release. */
export interface DeletionReading extends LiveReading {
  context: DeletionContext & { live: readonly string[] };
}

type Reader = Pick<Task, "ports" | "settings">;

/** The record sets of all mapped names, zone by zone. */
export async function readRecords({ ports, settings }: Reader): Promise<RecordSet[]> {
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
export async function readLive(task: Reader): Promise<LiveReading> {
  const [records, candidates] = await Promise.all([readRecords(task), readCandidates(task)]);
  return { ...findLive(task.settings, records, candidates), records, candidates };
}

/** The namespaces that have the environment's name pattern, with their Services. */
export async function readCandidates({ ports, settings }: Reader): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const namespace of await ports.cluster.findNamespaces())
    if (isReleaseName(settings.environment, namespace.name))
      candidates.push({ ...namespace, services: await ports.cluster.findServices(namespace.name) });
  return candidates;
}

/**
 * The objects of a release as it was installed; none where there is no such release. undefined for one that this
 * builder has never worked on: it may not read its Secrets.
 */
export async function findInstalled(
  { ports: { cluster, releases } }: Pick<Task, "ports">,
  release: string | undefined,
): Promise<RenderedObject[] | undefined> {
  if (release === undefined) return [];
  const secrets = { verb: "list", group: "", resource: "secrets", namespace: release };
  const denied = await cluster.denied([secrets]);
  return denied.length > 0 ? undefined : releases.findObjects(release);
}

/** What a deletion must know; every zone is read as a whole. */
export async function readForDeletion(task: Reader & Pick<Task, "clock">): Promise<DeletionReading> {
  const { ports, settings } = task;
  const zones = zonesOf(settings.mappings);
  const [records, candidates, ...addresses] = await Promise.all([
    readRecords(task),
    readCandidates(task),
    ...zones.map((zone) => ports.dns.findAddressRecords(zone)),
  ]);
  return deletionReadingOf(task, { records, candidates }, addresses.flat());
}

/** The same of what was read already: `addresses` are all A and AAAA records of the zones. */
export function deletionReadingOf(
  { settings, clock }: Pick<Task, "settings" | "clock">,
  { records, candidates }: Pick<LiveReading, "records" | "candidates">,
  addresses: readonly RecordSet[],
): DeletionReading {
  const live = findLive(settings, records, candidates);
  const context = {
    ...settings,
    live: live.releases,
    pointing: findPointing(addresses, candidates),
    unsure: whyUnsure(records, live.foreign),
    now: timestamp(clock),
  };
  return { ...live, records, candidates, context };
}

export interface Judged {
  name: string;
  /** Why it stays; undefined: it is a leftover that nothing needs. */
  stays: string | undefined;
  /** It may go later by itself; from when, where that is known. */
  isForNow: boolean;
  until: string | undefined;
}

/** Every namespace of the environment with the reason why it stays. */
export function judgeLeftovers(
  { candidates, context }: Pick<DeletionReading, "candidates" | "context">,
  inUse: readonly string[],
): Judged[] {
  const whole = { ...context, inUse };
  return candidates.map((candidate) => {
    const isForNow = staysForNow(candidate, whole);
    const until = candidate.annotations[annotations.retainUntil] ?? "";
    return {
      ...{ name: candidate.name, stays: whyItStays(candidate, whole), isForNow },
      until: isForNow && until > context.now ? until : undefined,
    };
  });
}
