/**
 * `npm run demo`: a whole rebuild by the real program with the real Helm, killed twice on the way. Everything else
 * (Kubernetes, harvester, Google) is emulated in this process; nothing outside this machine is touched.
 */
import { count, duration } from "../../src/domain/words.ts";
import { comparison, promises, takeSnapshot, type Snapshot } from "./demo/outcome.ts";
import { lookIn } from "./demo/look.ts";
import { whyNotHere } from "./demo/requirements.ts";
import { createLinePrinter, narrate, showChecks, showTable } from "./demo/show.ts";
import { startEmbeddedWorld, type EmbeddedWorld } from "./embedded-world.ts";
import { recordsOf } from "./harvester/data-configuration.ts";
import type { BuilderProcess } from "./world/builder-process.ts";

/** The harvesters' clock: 18 hours of harvest in half a minute. */
const speed = 3_000;
const jobsBeforeTheKill = 31;
/** Short waits; in production these are 10 minutes, a minute and 20 minutes. */
const pace = { POST_SWAP_WATCH: "3s", HARVEST_POLL_INTERVAL: "100ms", PODS_TIMEOUT: "1m" };
const ttlSeconds = 2;

async function play(world: EmbeddedWorld): Promise<boolean> {
  const before = await takeSnapshot(world);
  introduce(world, before);
  const settings = { ...pace, ...(await world.google?.loginByKey()) };
  const builders: BuilderProcess[] = [];
  const start = () => {
    const builder = world.startBuilder("run", settings, createLinePrinter());
    builders.push(builder);
    return builder;
  };

  await killInMidInstall(world, start());
  narrate(
    "The builder was killed in the middle of the install (SIGKILL: no last words). Helm goes on without it.",
    "Another builder starts:",
  );
  await killInMidHarvest(world, start());
  narrate(
    `Killed again, at job ${jobsBeforeTheKill} of the harvest, which goes on without a builder.`,
    "A third builder starts:",
  );
  const last = start();
  const seen = await lookIn(last, () => world.startBuilder("status", settings), narrate);
  await last.exit;
  await world.watch.stop();

  const exits = await Promise.all(builders.map(({ exit }) => exit));
  const output = builders.map((builder) => builder.output()).join("\n");
  const after = await takeSnapshot(world);
  const checks = [...promises(world, { before, after, exits, output }), seen];
  process.stdout.write("\n");
  showTable("What is live", comparison(world, before, after));
  showChecks("What held all the time", checks);
  return checks.every(({ held }) => held);
}

function introduce({ data, names }: EmbeddedWorld, before: Snapshot): void {
  const list = data.jobLists[0]?.jobConfigurations ?? [];
  const jobs = data.jobConfigurations.filter(({ identifier }) => list.includes(identifier));
  const usualMs = jobs.reduce((sum, job) => sum + 10_000 + recordsOf(job) * 10, 0);
  narrate(
    "powo-builder rebuilds a website from nothing while the old one stays live, and survives being killed",
    `live now:    ${before.release}, installed by the original builder: ${names.length} public names, ${count(before.results)} search results`,
    `to be done:  install a release, load ${data.organisations.length} organisations, harvest ${list.length} jobs, check, swap DNS, clean up`,
    "real:        the program and Helm. Emulated on 127.0.0.1: Kubernetes, harvester, Google, git and data URL",
    "login:       the builder logs in to (emulated) Google with a service account's key, over TLS, as in production",
    `in a hurry:  the harvester's clock runs ${count(speed)} times as fast, so ${duration(usualMs)} of harvest take ${duration(usualMs / speed)}`,
  );
}

/** Kills it when some of the new release's deployments are there: Helm is in the middle of its work, and lives on. */
async function killInMidInstall(
  { kubernetes, liveRelease }: EmbeddedWorld,
  builder: BuilderProcess,
): Promise<void> {
  // Helm notes at the end that all is installed; it is not to get there before the next builder looks.
  const isNote = (path: string) => /\/secrets\/sh\.helm\.release\./.test(path);
  const isEnd = ({ method, path }: { method: string; path: string }) => method === "PUT" && isNote(path);
  kubernetes?.faults.add(isEnd, { kind: "slow", ms: 5_000 }, 1);
  let installed = 0;
  const stop = kubernetes?.store.onChange(({ type, object: { kind, metadata } }) => {
    const isNew = type === "ADDED" && kind === "Deployment" && metadata.namespace !== liveRelease;
    if (isNew) installed += 1;
    if (isNew && installed === 5) builder.kill();
  });
  await builder.exit;
  stop?.();
}

async function killInMidHarvest({ databases, until }: EmbeddedWorld, builder: BuilderProcess): Promise<void> {
  const started = () =>
    databases.at(-1)?.model.effects.filter(({ kind }) => kind === "job-started").length ?? 0;
  await until(
    `job ${jobsBeforeTheKill} (or the builder's end)`,
    () => builder.hasEnded() || started() >= jobsBeforeTheKill,
    120_000,
  );
  builder.kill();
  await builder.exit;
}

async function main(): Promise<boolean> {
  const began = Date.now();
  const obstacle = whyNotHere();
  if (obstacle !== undefined) {
    process.stdout.write(`The demo can't run here: ${obstacle}.\n`);
    return false;
  }
  process.stdout.write("Starting Kubernetes, harvester, Google and a live release on 127.0.0.1 …\n");
  // Pods that take a moment, as real ones do.
  const simulation = { "delay-pod": "1500ms", solr: "prod-*/solr slow:3s" };
  const world = await startEmbeddedWorld({ speed, ttlSeconds, pendingMs: 500, simulation, google: "proxy" });
  process.once("SIGINT", () => void world.stop().finally(() => process.exit(130)));
  try {
    const held = await play(world);
    const verdict = held ? "All of it held" : "Something did not hold";
    process.stdout.write(`${verdict}; ${duration(Date.now() - began)}.\n`);
    return held;
  } finally {
    await world.stop();
  }
}

process.exitCode = (await main()) ? 0 : 1;
