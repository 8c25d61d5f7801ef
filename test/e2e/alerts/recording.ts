/** Three weeks of rebuilds in memory, whose metrics are scraped every minute, as Prometheus would. */
import { metricsOf } from "../../../src/adapters/page/metrics.ts";
import { rebuild } from "../../../src/operate/rebuild.ts";
import { leaveRequest } from "../../../src/pipeline/requests.ts";
import type { Run } from "../../../src/pipeline/run.ts";
import type { World } from "../../../src/pipeline/world.ts";
import type { FakeBuilder, Outcome } from "../../fakes/builder.ts";
import { createFakeLeaseStore } from "../../fakes/stores.ts";
import { createFakeWorld, type FakeWorld } from "../../fakes/world.ts";
import { hour, minute, storedRun } from "../../scenarios/seen.ts";
import { cronJob, job, type Series } from "./series.ts";

/** Seconds between two scrapes. */
export const scrapeSeconds = 60;

/** What a dashboard is looked at for, by when that was, in seconds from the beginning. */
export interface Moments {
  harvest: number;
  approval: number;
  /** Nothing is under way; the last run went live. */
  quiet: number;
  /** The last run failed. */
  failed: number;
}

export interface Recording {
  series: Series[];
  moments: Moments;
}

export async function recordRebuilds(): Promise<Recording> {
  const fake = createFakeWorld({ live: {}, harvester: { jobMs: 2 * hour } });
  const begin = fake.clock.now();
  const now = () => Math.floor((fake.clock.now() - begin) / 1000);
  const scraped = new Map<string, Series>();
  const told: Series[] = [];
  const carry = (pod: string, settings: Record<string, string> = {}) => {
    const builder = fake.builder(pod, { settings });
    return {
      builder,
      ended: carryOut(fake, builder, (text) => keep(scraped, { pod, text, at: now(), begin: begin / 1000 })),
    };
  };
  /** A Job and its pod, from start to end. */
  const wholeJob = async (name: string, settings?: Record<string, string>) => {
    const from = now();
    const { ended } = carry(`${name}-a`, settings);
    const { code } = await ended;
    told.push(...job(name, { from, to: now(), failed: code !== 0 }));
    return { code, to: now() };
  };
  const must = ({ code }: { code: unknown }, expected: number | string) => {
    if (code !== expected) throw new Error(`a builder ended with ${String(code)}, not ${expected}`);
  };

  const first = await wholeJob("builder-1");
  must(first, 0);
  await fake.clock.sleep(12 * hour);

  // The second run loses its builder in mid-harvest, tolerates a job that fails, and waits for a person.
  failOneJob(fake);
  const from = now();
  const manual = { APPROVAL: "manual" };
  const lost = carry("builder-2-a", manual);
  await fake.clock.sleep(3 * hour);
  lost.builder.kill();
  must(await lost.ended, "killed");
  const { ended } = carry("builder-2-b", manual);
  await fake.clock.sleep(1.5 * hour);
  const harvest = now();
  while (storedRun(fake).phase !== "waiting-approval") await fake.clock.sleep(minute);
  await fake.clock.sleep(hour);
  const approval = now();
  await leaveRequest({ leases: createFakeLeaseStore(fake.store), clock: fake.clock }, "approve", {
    ...{ runId: storedRun(fake).runId, by: "ada", at: new Date(fake.clock.now()).toISOString() },
  });
  must(await ended, 0);
  told.push(...job("builder-2", { from, to: now() }));
  const second = now();
  await fake.clock.sleep(6 * hour);
  const quiet = now();

  // The third does not tolerate it.
  const strict = { STRICT_ERROR_CHECKING: "true" };
  failOneJob(fake);
  const third = await wholeJob("builder-3", strict);
  must(third, 1);
  await fake.clock.sleep(hour);
  const failed = now();

  const next = failed + 30 * 3600;
  told.push(...cronJob({ successes: [first.to, second] }), {
    ...{ name: "kube_cronjob_next_schedule_time", labels: { cronjob: "builder" } },
    spans: [{ from: 0, to: failed, value: next }],
  });
  return { series: [...scraped.values(), ...told], moments: { harvest, approval, quiet, failed } };
}

/** In the next run a job of the list fails, also when it is run again. */
function failOneJob(fake: FakeWorld): void {
  const [bad = ""] = fake.document.jobLists[0]!.jobConfigurations;
  fake.when("after", "harvester.startList", ({ args }) => {
    fake.cluster.require(String(args[0])).harvester.outcomes.set(bad, { exitCode: "FAILED" });
  });
}

/** A builder to its end, scraped every minute, as long as it serves. */
async function carryOut(
  fake: FakeWorld,
  builder: FakeBuilder,
  onScrape: (text: string) => void,
): Promise<Outcome> {
  let served: Run | undefined;
  const serve: World["serve"] = async (run) => {
    served = run;
    return { url: "", close: async () => (served = undefined) };
  };
  let outcome: Outcome | undefined;
  const ended = builder
    .run((world, signal) => rebuild({ ...world, serve }, signal))
    .then((end) => (outcome = end));
  while (outcome === undefined) {
    const run = served;
    const about = { environment: "prod", version: "1.0.0" };
    if (run) onScrape((await fake.clock.hold(() => metricsOf(run, about))).text);
    await fake.clock.sleep(scrapeSeconds * 1000);
  }
  return ended;
}

interface Scrape {
  pod: string;
  text: string;
  at: number;
  /** promtool's time begins with 0: so many seconds less are the builder's own times. */
  begin: number;
}

/** Adds a scrape to the series, with the labels that a PodMonitor adds. */
function keep(all: Map<string, Series>, { pod, text, at, begin }: Scrape): void {
  const time = Math.round(at / scrapeSeconds) * scrapeSeconds;
  for (const [, name = "", pairs = "", value] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
    const labels = Object.fromEntries(
      [...pairs.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, label]) => [key, label]),
    ) as Record<string, string>;
    const key = `${pod} ${name} ${pairs}`;
    const series = all.get(key) ?? { name, labels: { ...labels, pod, container: "powo-builder" }, spans: [] };
    const offset = name.endsWith("_timestamp_seconds") ? begin : 0;
    series.spans.push({ from: time, to: time, value: Number(value) - offset });
    all.set(key, series);
  }
}
