/** What the scenarios of the real program share: a world of their own, what is stored of a run, where it ended. */
import { afterAll, beforeAll } from "vitest";
import { startEmbeddedWorld, type EmbeddedWorld, type WorldOptions } from "../../sandbox/embedded-world.ts";
import type { BuilderProcess } from "../../sandbox/world/builder-process.ts";

export type Bench = () => EmbeddedWorld;

/** Jobs of milliseconds, one pod that keeps the others waiting. */
export const quick = (environment = "prod"): WorldOptions => ({
  ...{ environment, timerMs: 5, jobMs: 15 },
  simulation: { [`${environment}-solr`]: `${environment}-*/solr slow:2s` },
});

/** A world for all tests of a `describe`. */
export function useWorld(options: WorldOptions = {}): Bench {
  let world: EmbeddedWorld | undefined;
  beforeAll(async () => {
    world = await startEmbeddedWorld({ ...quick(options.environment), ...options });
  });
  afterAll(() => world?.stop());
  return () => {
    if (!world) throw new Error("the world is not there yet");
    return world;
  };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- looked into by tests, which say what they expect
export type Json = any;

export interface Stored {
  run: Json;
  history: Json;
  lease: Json;
  /** The whole ConfigMap as text, attachments included. */
  text: string;
}

/** What the builders have stored; fails when there is nothing. */
export async function readStored({ environment, builderNamespace, kubectl }: EmbeddedWorld): Promise<Stored> {
  const get = (kind: string) =>
    kubectl("get", kind, `powo-builder-${environment}`, "-n", builderNamespace, "-o", "json");
  const [text, lease] = await Promise.all([get("configmap"), get("lease")]);
  const { data } = JSON.parse(text);
  return {
    run: JSON.parse(data["run.json"]),
    history: JSON.parse(data["history.json"] ?? "null"),
    lease: JSON.parse(lease),
    text,
  };
}

/** The release that a builder works on, from its own words. */
export async function releaseOf(builder: BuilderProcess): Promise<string> {
  const line = await builder.line(/new release \S+/);
  return /new release (\S+)/.exec(line)?.[1] ?? "";
}

/** How many jobs have been started in the database that came last. */
export const jobsStarted = ({ databases }: EmbeddedWorld): number =>
  databases.at(-1)?.model.effects.filter(({ kind }) => kind === "job-started").length ?? 0;

/** The world at the end of a run, in words that are the same after every run that did the same. */
export async function readEnd(world: EmbeddedWorld): Promise<Json> {
  const { kubectl, helm, zone, names, databases } = world;
  const { run, lease } = await readStored(world);
  const { release } = run;
  const neutral = (text: string) => text.replaceAll(release, "RELEASE");
  const [objects, namespace, listed] = await Promise.all([
    kubectl("get", "deployments,services,pvc,secrets,configmaps", "-n", release, "-o", "name"),
    kubectl("get", "namespace", release, "-o", "json"),
    helm("list", "--all-namespaces", "-o", "json"),
  ]);
  const { labels, annotations } = JSON.parse(namespace).metadata;
  const mine = JSON.parse(listed).filter(({ name }: Json) => name.startsWith(`${world.environment}-`));
  const model = databases.findLast((database) => database.namespace === release)?.model;
  const count = (kind: string) => model?.effects.filter((effect) => effect.kind === kind).length;
  return {
    phase: run.phase,
    steps: run.steps.map(({ name, status }: Json) => `${name} ${status}`),
    live: neutral((await world.live()) ?? ""),
    ttls: names.map(({ name }) => zone.find(name)?.ttl),
    releases: (await world.releases()).map(neutral),
    helm: mine.map(({ name, status, revision }: Json) => `${neutral(name)} ${status} ${revision}`),
    objects: objects.split("\n").map(neutral).sort(),
    labels: { ...labels, "kubernetes.io/metadata.name": undefined, "powo.kew.org/run": undefined },
    annotations: Object.keys(annotations ?? {}).sort(),
    effects: { imports: count("import"), starts: count("list-run"), jobs: count("job-started") },
    results: model?.totalTaxa(),
    leaseHolder: lease.spec.holderIdentity ?? "",
  };
}
