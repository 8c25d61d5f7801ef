/** What a world has come to, without what may differ from run to run: names, addresses, times. */
import { labels } from "../../src/domain/names.ts";
import type { FakeWorld } from "./world.ts";

export interface FinalWorld {
  namespaces: {
    role: string;
    labels: Record<string, string>;
    annotations: string[];
    release: string | undefined;
  }[];
  dns: Record<string, string>;
  run: unknown;
  history: unknown;
  holder: string | undefined;
  /** What can't be repeated, in order: imports, list starts, jobs started, DNS changes. */
  harvest: Record<string, string[]>;
  dnsChanges: string[];
  notifications: string[];
}

interface StoredRun {
  runId: string;
  release: string;
  phase: string;
  failure?: { code: string; step?: string };
  steps: { name: string; status: string }[];
}

/** The world as it can be compared with another. `old` are the releases that were there at the beginning. */
export function describeFinal(fake: FakeWorld, old: readonly string[]): FinalWorld {
  const roleOf = (name: string | undefined) =>
    name === undefined
      ? "nothing"
      : old.includes(name) || !name.startsWith(`${fake.environment}-`)
        ? name
        : "new";
  const run = fake.store.run as unknown as StoredRun | undefined;
  const history = JSON.parse(fake.store.state?.history ?? '{"runs":[]}') as {
    runs: { phase: string; failure?: { code: string } }[];
  };
  const harvest: Record<string, string[]> = {};
  for (const { name, harvester } of [...fake.cluster.past, ...fake.cluster.namespaces()]) {
    const done = harvester.effects
      .filter(({ kind }) => kind !== "database-lost")
      .map(({ kind, identifier = "" }) => `${kind} ${identifier}`.trim());
    (harvest[roleOf(name)] ??= []).push(...done);
  }
  return {
    namespaces: fake.cluster
      .namespaces()
      .map((namespace) => ({
        role: roleOf(namespace.name),
        labels: Object.fromEntries(
          Object.entries(namespace.labels).map(([key, value]) => [key, key === labels.run ? "run" : value]),
        ),
        annotations: Object.keys(namespace.annotations).sort(),
        release: namespace.release?.status,
      }))
      .sort((a, b) => a.role.localeCompare(b.role)),
    dns: Object.fromEntries(
      fake.mappings.map((mapping) => {
        const ttl = fake.zones.get(mapping.zone)?.find(mapping.name)?.ttl ?? 0;
        return [mapping.name, `${roleOf(fake.pointsAt(mapping))} ${ttl}`];
      }),
    ),
    run: run && {
      phase: run.phase,
      failure: run.failure && { code: run.failure.code, step: run.failure.step },
      steps: run.steps.map(({ name, status }) => `${name} ${status}`),
    },
    history: history.runs.map(({ phase, failure }) => `${phase} ${failure?.code ?? ""}`.trim()),
    holder: fake.store.lease?.record.holder,
    harvest,
    dnsChanges: [...fake.zones.values()].flatMap((zone) =>
      zone.changes.flatMap(({ additions, deletions }) => [
        ...deletions.map(({ name, ttl, rrdatas: [address = ""] }) => `${name} not ${owner(address)} ${ttl}`),
        ...additions.map(({ name, ttl, rrdatas: [address = ""] }) => `${name} is ${owner(address)} ${ttl}`),
      ]),
    ),
    notifications: fake.notifications.map(({ event }) => event),
  };
  function owner(address: string): string {
    return roleOf(fake.cluster.ownerOf(address) ?? address);
  }
}
