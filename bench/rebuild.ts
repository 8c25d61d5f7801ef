/** What the builder adds to the time that a rebuild takes anyway: the moments in which the world waited for it. */
import { startEmbeddedWorld, type EmbeddedWorld } from "../test/sandbox/embedded-world.ts";
import type { Bench } from "./figures.ts";

/** A world in a hurry: minutes instead of the day that it takes in production. */
const jobMs = 3_500;
const ttlSeconds = 15;
const pendingMs = 2_000;
const watchMs = 10_000;
/** DNS_DRAIN_TTLS, as it is by default. */
const drainTtls = 2;
/** Short beside the waits, as the defaults are beside production's. */
const settings = {
  HARVEST_POLL_INTERVAL: "500ms",
  DNS_POLL_INTERVAL: "200ms",
  POST_SWAP_WATCH: `${watchMs}ms`,
  // The pods are looked at every twentieth of it.
  PODS_TIMEOUT: "30s",
};
/** Worlds side by side, apart from each other so that only their waits coincide. */
const staggerMs = 45_000;
const longestMs = 900_000;

export const rebuildBench: Bench = {
  name: "rebuild",
  async run(runs) {
    const measured = await Promise.all(
      Array.from({ length: runs }, (_, index) => measure(index * staggerMs)),
    );
    return [
      { name: "a scripted rebuild", unit: "s", values: measured.map(({ total }) => total / 1000), digits: 1 },
      {
        name: "added by the builder",
        unit: "s",
        values: measured.map(({ added }) => added / 1000),
        budget: 5,
        judged: "median",
        digits: 2,
      },
      {
        name: "added by the builder",
        unit: "%",
        values: measured.map(({ total, added }) => (100 * added) / (total - added)),
        budget: 1,
        judged: "median",
        digits: 2,
      },
      ...phases.map((phase) => ({
        name: `  ${phase}`,
        unit: "s",
        values: measured.map(({ gaps }) => gaps[phase] / 1000),
        digits: 2,
      })),
    ];
  },
};

const phases = [
  "start to install",
  "ready to import",
  "import to list",
  "list to swap",
  "drained to deletion",
  "deleted to the end",
] as const;
type Gaps = Record<(typeof phases)[number], number>;

async function measure(delayMs: number): Promise<{ total: number; added: number; gaps: Gaps }> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  const world = await startEmbeddedWorld({ ttlSeconds, pendingMs, jobMs, simulation: { "delay-pod": "3s" } });
  try {
    const seen = watchCluster(world);
    const began = Date.now();
    const builder = world.startBuilder("run", settings);
    const limit = setTimeout(() => builder.kill(), longestMs);
    const code = await builder.exit;
    const ended = Date.now();
    clearTimeout(limit);
    if (code !== 0) throw new Error(`the rebuild ended with ${code}:\n${builder.output()}`);
    const { model } = world.databases.at(-1)!;
    const first = (kind: string) => model.effects.find((effect) => effect.kind === kind)!.at;
    const jobsOver = model.effects.findLast(({ kind }) => kind === "job-started")!.at + jobMs;
    const change = world.zone.changes[0]!;
    const changed = Date.parse(change.startTime);
    const drained = Math.max(change.doneAt + drainTtls * ttlSeconds * 1000, change.doneAt + watchMs);
    const gaps: Gaps = {
      "start to install": seen.installBegan - began,
      "ready to import": first("import") - seen.readyBefore(first("import")),
      "import to list": first("list-run") - first("import"),
      "list to swap": changed - jobsOver,
      "drained to deletion": seen.deletionBegan - drained,
      "deleted to the end": ended - seen.deletionEnded(),
    };
    return { total: ended - began, added: Object.values(gaps).reduce((sum, gap) => sum + gap, 0), gaps };
  } finally {
    await world.stop();
  }
}

/** When things happened in the new release's namespace and in the old one's. */
function watchCluster({ kubernetes, liveRelease = "", environment, builderNamespace }: EmbeddedWorld) {
  const seen = { installBegan: 0, deletionBegan: 0 };
  const changes: number[] = [];
  const ends: number[] = [];
  kubernetes?.store.onChange(({ type, object: { kind, metadata } }) => {
    const now = Date.now();
    const namespace = kind === "Namespace" ? metadata.name : metadata.namespace;
    if (namespace === liveRelease && type === "DELETED") {
      if (kind !== "Event" && seen.deletionBegan === 0) seen.deletionBegan = now;
      if (kind === "Namespace") ends.push(now);
    }
    const isNew = namespace?.startsWith(`${environment}-`) && namespace !== liveRelease;
    if (!isNew || namespace === builderNamespace) return;
    // Helm's first word is its own record of the release.
    if (kind === "Secret" && seen.installBegan === 0) seen.installBegan = now;
    if (kind === "Pod" || kind === "Service" || kind === "Deployment") changes.push(now);
  });
  return Object.assign(seen, {
    readyBefore: (at: number) => changes.filter((time) => time <= at).at(-1) ?? NaN,
    deletionEnded: () => ends.at(-1) ?? NaN,
  });
}
