/**
 * Two days of harvest at the real pace of the code, real HTTP to the emulators: what grows with every poll would be seen
 * here. The clock jumps from poll to poll. `MATRIX=full` plays all 48 hours; six of them are too few to judge memory by.
 */
import { fork } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { startEmbeddedWorld } from "../sandbox/embedded-world.ts";
import type { LongHarvest, Sample } from "./endurance/long-harvest.ts";
import { isFull } from "./matrix.ts";
import { hour, minute } from "./seen.ts";

const hours = isFull ? 48 : 6;
/** As many in an hour as production has. */
const jobs = Math.round((82 * hours) / 48);
/** The first polls fill caches and connections. */
const warmUpPolls = isFull ? 480 : 120;
/** Memory is judged after it: RSS climbs for as long as V8 still compiles and caches, then settles. */
const firstDayPolls = 1_440;
const longestMs = 300_000;

/** Least squares: megabytes in 1,000 polls. */
function growth(samples: readonly Sample[], of: "rss" | "heap"): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [polls, bytes] = [samples.map((sample) => sample.polls), samples.map((sample) => sample[of])];
  const [meanPolls, meanBytes] = [mean(polls), mean(bytes)];
  const covariance = mean(polls.map((poll, index) => (poll - meanPolls) * ((bytes[index] ?? 0) - meanBytes)));
  return ((covariance / mean(polls.map((poll) => (poll - meanPolls) ** 2))) * 1_000) / 2 ** 20;
}

async function harvestFor(ms: number): Promise<LongHarvest & { kubernetes: number; harvester: number }> {
  let time = 0;
  const now = () => Math.max(time, Date.now());
  const world = await startEmbeddedWorld({
    data: generateDataConfiguration({ jobs: jobs + 1, listed: jobs }),
    now,
    timerMs: 5,
    jobMs: ms / jobs,
    simulation: { "delay-pod": "50ms" },
  });
  try {
    const first = world.startBuilder("run");
    await first.line(/started list/);
    first.kill();
    await first.exit;
    const program = path.join(import.meta.dirname, "endurance/long-harvest.ts");
    // The program's own defaults for what decides the pace.
    const env = world.env({
      ...{ HARVEST_POLL_INTERVAL: "60s", HARVEST_TIMEOUT: "50h", HARVEST_STALL_TIMEOUT: "6h" },
      ...{ LEASE_DURATION: "90s", RETRY_TIMEOUT: "10m" },
    });
    const child = fork(program, [], { env, execArgv: ["--expose-gc", "--max-semi-space-size=1"] });
    const result = await new Promise<LongHarvest>((resolve, reject) => {
      child.on("message", (message: { now?: number; result?: LongHarvest }) => {
        if (message.now !== undefined) {
          time = message.now;
          child.send({ heard: true });
        }
        if (message.result) resolve(message.result);
      });
      child.on("exit", (code) => reject(new Error(`the builder ended with ${code} before its time`)));
    });
    const most = (url: string) => result.mostInAnHour[new URL(url).host] ?? 0;
    return { ...result, kubernetes: most(world.kubernetes!.url), harvester: most(world.harvesters.url) };
  } finally {
    await world.stop();
  }
}

describe("a long harvest", () => {
  it(
    `of ${hours} hours leaves memory, sockets, timers, log and servers as a short one does`,
    async () => {
      const result = await harvestFor(hours * hour);
      const settled = result.samples.filter(({ polls }) => polls >= warmUpPolls);
      const secondDay = result.samples.filter(({ polls }) => polls >= firstDayPolls);
      const range = (of: "sockets" | "timers") => settled.map((sample) => sample[of]);
      const figures = {
        polls: result.polls,
        hours: Math.round(result.hours * 10) / 10,
        rssGrowth: growth(secondDay, "rss"),
        heapGrowth: growth(secondDay, "heap"),
        rss: (settled.at(-1)?.rss ?? 0) / 2 ** 20,
        sockets: [Math.min(...range("sockets")), Math.max(...range("sockets"))],
        timers: [Math.min(...range("timers")), Math.max(...range("timers"))],
        logLines: result.logLines.length,
        kubernetes: result.kubernetes,
        harvester: result.harvester,
      };
      if (isFull) console.log(figures);
      expect(result.code, result.logLines.slice(-5).join("\n")).toBe(75);
      expect(result.logLines.join("\n")).toMatch(/await-harvest +done in/);
      expect(result.polls).toBeGreaterThanOrEqual((hours * hour) / minute);
      if (isFull) expect(figures.rssGrowth).toBeLessThan(1.5);
      if (isFull) expect(figures.heapGrowth).toBeLessThan(0.5);
      expect(figures.sockets[1]! - figures.sockets[0]!).toBeLessThanOrEqual(2);
      expect(figures.timers[1]! - figures.timers[0]!).toBeLessThanOrEqual(2);
      expect(figures.logLines).toBeLessThan(2_000);
      expect(figures.kubernetes).toBeGreaterThan(100);
      expect(figures.kubernetes).toBeLessThanOrEqual(150);
      expect(figures.harvester).toBeGreaterThan(59);
      expect(figures.harvester).toBeLessThanOrEqual(130);
    },
    longestMs,
  );
});
