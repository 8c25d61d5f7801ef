/**
 * `npm run demo`: a whole rebuild as production does it, killed twice on the way. The chart, the program, Helm, kubectl
 * and its plugin are real; all else (Kubernetes, harvester, Google) is emulated in this process, and nothing outside this
 * machine is touched.
 */
import { count, duration } from "../../src/domain/words.ts";
import { comparison, promises, takeSnapshot, type Snapshot } from "./demo/outcome.ts";
import { lookIn, nextPage, placeOfThePage } from "./demo/look.ts";
import { whyNotHere } from "./demo/requirements.ts";
import { createLinePrinter, narrate, showChecks, showTable } from "./demo/show.ts";
import { startEmbeddedWorld, type EmbeddedWorld } from "./embedded-world.ts";
import { recordsOf } from "./harvester/data-configuration.ts";
import type { BuilderProcess } from "./world/builder-process.ts";
import { installBuilder, type InstalledBuilder } from "./world/installed-builder.ts";

/** The harvesters' clock: slow enough that an operator on a busy machine looks in before the last job. */
const speed = 3_000;
const jobsBeforeTheKill = 21;
/** Short waits; in production these are 10 minutes, a minute and 20 minutes. */
const pace = { POST_SWAP_WATCH: "3s", HARVEST_POLL_INTERVAL: "100ms", PODS_TIMEOUT: "1m" };
const ttlSeconds = 2;

async function play(world: EmbeddedWorld): Promise<boolean> {
  const before = await takeSnapshot(world);
  introduce(world, before);
  const builder = await installBuilder(world, pace, await placeOfThePage());
  const printer = createLinePrinter();
  const say = (headline: string, ...lines: string[]) => {
    printer.unfold();
    narrate(headline, ...lines);
  };
  say(
    "An operator installs the builder by its chart, and starts a run:",
    `$ ${builder.command}`,
    "$ kubectl powo run",
  );
  const run = builder.type("run", printer.print);
  await killInMidInstall(world, builder, run);
  say(
    "The pod was killed in the middle of the install (SIGKILL: no last words), and Helm with it.",
    "Its Job starts the next pod:",
  );
  await killInMidHarvest(world, builder, run);
  say(
    `Killed again, at job ${jobsBeforeTheKill} of the harvest, which goes on without a builder.`,
    "The Job starts a third pod:",
  );
  const page = await nextPage(world, builder);
  printer.pause();
  const seen = await lookIn(page, builder, say);
  printer.resume();
  const code = await run.exit;
  await world.watch.stop();

  const after = await takeSnapshot(world);
  const checks = [...promises(world, { before, after, code, builder, run }), seen];
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
    "real:        the chart, the program, Helm, kubectl and the plugin kubectl powo",
    "emulated:    Kubernetes, harvester, Google, git and data URL, on 127.0.0.1",
    "login:       the builder logs in to (emulated) Google with a service account's key, over TLS, as in production",
    `in a hurry:  the harvester's clock runs ${count(speed)} times as fast, so ${duration(usualMs)} of harvest take ${duration(usualMs / speed)}`,
  );
}

/** Kills the pod when some of the new release's deployments are there: Helm is in the middle of its work. */
async function killInMidInstall(
  world: EmbeddedWorld,
  builder: InstalledBuilder,
  run: BuilderProcess,
): Promise<void> {
  let installed = 0;
  const stop = world.kubernetes?.store.onChange(({ type, object: { kind, metadata } }) => {
    const isNew = type === "ADDED" && kind === "Deployment" && metadata.namespace !== world.liveRelease;
    if (isNew) installed += 1;
    if (isNew && installed === 5) builder.containers.at(-1)?.kill("SIGKILL");
  });
  await world.until("the first pod", () => run.hasEnded() || builder.containers.length > 0);
  await endOf(world, builder, run);
  stop?.();
}

async function killInMidHarvest(
  world: EmbeddedWorld,
  builder: InstalledBuilder,
  run: BuilderProcess,
): Promise<void> {
  const started = () =>
    world.databases.at(-1)?.model.effects.filter(({ kind }) => kind === "job-started").length ?? 0;
  await world.until(
    `job ${jobsBeforeTheKill} (or the run's end)`,
    () => run.hasEnded() || started() >= jobsBeforeTheKill,
    120_000,
  );
  builder.containers.at(-1)?.kill("SIGKILL");
  await endOf(world, builder, run);
}

/** Waits for the end of the pod at work, until the plugin has shown its last line. */
async function endOf(world: EmbeddedWorld, builder: InstalledBuilder, run: BuilderProcess): Promise<void> {
  const pod = builder.containers.at(-1);
  await pod?.exit;
  const last = pod?.log.lines.at(-1)?.text;
  await world.until("its last line", () => run.hasEnded() || last === undefined || run.lines.includes(last));
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
