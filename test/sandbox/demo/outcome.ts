/** The world as it is before and after the demo, and what must have held all the time. */
import { count, date } from "../../../src/domain/words.ts";
import type { EmbeddedWorld } from "../embedded-world.ts";
import type { BuilderProcess } from "../world/builder-process.ts";
import type { InstalledBuilder } from "../world/installed-builder.ts";
import type { Checked } from "./show.ts";

export interface Snapshot {
  release: string;
  addresses: string[];
  results: number;
  helm: string[];
  at: number;
}

interface HelmRelease {
  name: string;
  status: string;
  chart: string;
}

/** What is live now. */
export async function takeSnapshot(world: EmbeddedWorld): Promise<Snapshot> {
  const release = (await world.live()) ?? "nothing";
  const listed = JSON.parse(await world.helm("list", "--all-namespaces", "-o", "json")) as HelmRelease[];
  return {
    release,
    addresses: world.names.map(({ name }) => world.zone.find(name)?.rrdatas.join(", ") ?? "none"),
    results: (await world.harvesters.model(release))?.totalTaxa() ?? 0,
    helm: listed.map(({ name, status, chart }) => `${name} ${status} (${chart})`),
    at: Date.now(),
  };
}

export function comparison({ names }: EmbeddedWorld, before: Snapshot, after: Snapshot): string[][] {
  const results = ({ results }: Snapshot) => `${count(results)} results`;
  return [
    ["", `before (${date(before.at)})`, `after (${date(after.at)})`],
    ["live release", before.release, after.release],
    ...names.map(({ name }, index) => [name, before.addresses[index] ?? "", after.addresses[index] ?? ""]),
    ["search", results(before), results(after)],
    ["helm list -A", before.helm.join(", "), after.helm.join(", ")],
  ];
}

export interface DemoOutcome {
  before: Snapshot;
  after: Snapshot;
  builder: InstalledBuilder;
  /** What the plugin showed of the run, and how it ended. */
  run: BuilderProcess;
  code: number | NodeJS.Signals;
}

/** Everything that the demo promises; `held` tells whether it was so. */
export function promises(
  world: EmbeddedWorld,
  { before, after, builder, run, code }: DemoOutcome,
): Checked[] {
  const { zone, watch, databases, secrets, data, google } = world;
  const pods = builder.containers.filter(({ args }) => args.length === 0);
  const killed = pods.filter(({ exitCode }) => exitCode === 137).length;
  const output = [run, ...builder.containers.map(({ log }) => log)].map(textOf).join("\n");
  const releases = after.helm.filter((line) => !line.startsWith("builder "));
  const left = world.kubernetes?.store.list("Job", world.builderNamespace).length;
  const built = databases.filter(({ namespace }) => namespace !== before.release).map(({ model }) => model);
  const sum = (of: (model: (typeof built)[number]) => number) =>
    built.reduce((total, model) => total + of(model), 0);
  const [imports, starts] = [sum((model) => model.imports), sum((model) => model.starts)];
  const jobs = sum((model) => model.effects.filter(({ kind }) => kind === "job-started").length);
  const listed = data.jobLists[0]?.jobConfigurations.length ?? 0;
  const { length: changes } = zone.changes;
  const canaries = [...secrets.canaries, ...(google?.identity.secrets() ?? [])];
  const leaked = canaries.filter((canary) => output.includes(canary));
  const times = (number: number) => (number === 1 ? "once" : `${number} times`);
  return [
    {
      held: after.release !== before.release && releases.length === 1 && killed === 2 && pods.length === 3,
      text: `${pods.length} pods of one Job, ${killed} of them killed, built one release: ${after.release}`,
    },
    {
      held: imports === 1 && starts === 1 && jobs === listed,
      text: `the data was loaded ${times(imports)}, the list was started ${times(starts)}, ${jobs} jobs ran for a list of ${listed}`,
    },
    {
      held: changes === 1 && zone.changes[0]?.additions.length === world.names.length,
      text: `DNS was changed ${times(changes)}, ${world.names.length} names together; at no moment were they divided`,
    },
    {
      held: watch.violations.length === 0,
      text:
        watch.violations[0] ??
        `no resolver could hand out an address without a ready site behind it, TTLs included (looked ${count(watch.looks)} times)`,
    },
    {
      held: code === 0 && left === 0,
      text: `kubectl powo run ended with exit code ${code} and left ${left === 0 ? "no" : left} Job behind`,
    },
    {
      held: leaked.length === 0,
      text: `no password, key or token in ${count(output.split("\n").length)} lines of log`,
    },
  ];
}

const textOf = ({ lines }: { lines: readonly (string | { text: string })[] }): string =>
  lines.map((line) => (typeof line === "string" ? line : line.text)).join("\n");
