/** The built program in mid-harvest, after a whole preflight and install: its memory, and how soon it is back. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedWorld, type EmbeddedWorld } from "../test/sandbox/embedded-world.ts";
import type { Bench } from "./figures.ts";

/** The harvesters' clock: 18 hours of harvest last for ten minutes, more than a run takes. */
const speed = 100;
const polledSeconds = 120;
const restartsPerRun = 5;
const dockerfile = await readFile(path.join(import.meta.dirname, "..", "Dockerfile"), "utf8");
const settings = {
  // As the image has it.
  MALLOC_ARENA_MAX: /MALLOC_ARENA_MAX=(\d+)/.exec(dockerfile)?.[1] ?? "",
  HARVEST_POLL_INTERVAL: "200ms",
  LEASE_DURATION: "90s",
  // What Node allows itself within the chart's limit of 1 GiB. It takes the more, the more memory there is.
  NODE_OPTIONS: "--max-heap-size=560",
};

export const waitingBench: Bench = {
  name: "waiting",
  async run(runs) {
    const rss: number[] = [];
    const growth: number[] = [];
    const peak: number[] = [];
    const restart: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const world = await startEmbeddedWorld({ speed, simulation: { "delay-pod": "200ms" } });
      try {
        let builder = world.startBuilder("run", settings);
        await builder.line(/started list/);
        const [earlier, later] = [await largestFor(builder.pid), await largestFor(builder.pid)];
        rss.push(Math.max(earlier, later));
        growth.push(later - earlier);
        peak.push(await memoryOf(builder.pid, "VmHWM"));
        for (let count = 0; count < restartsPerRun; count += 1) {
          builder.kill();
          await builder.exit;
          const before = harvesterRequests(world);
          const began = performance.now();
          builder = world.startBuilder("run", settings);
          await world.until("a poll", () => harvesterRequests(world) > before || builder.hasEnded());
          if (builder.hasEnded()) throw new Error(builder.output());
          restart.push(performance.now() - began);
        }
      } finally {
        await world.stop();
      }
    }
    return [
      { name: "memory while polling (RSS)", unit: "MB", values: rss, budget: 150, digits: 1 },
      {
        name: "  more of it in the second minute",
        unit: "MB",
        values: growth,
        budget: 5,
        judged: "median",
        digits: 1,
      },
      { name: "memory at its peak", unit: "MB", values: peak, digits: 1 },
      {
        name: "kill -9 and restart to the first poll",
        unit: "ms",
        values: restart,
        budget: 1_000,
        judged: "median",
      },
    ];
  },
};

const harvesterRequests = ({ harvesters }: EmbeddedWorld): number =>
  harvesters.requests.filter(({ path }) => path.includes("/harvester/")).length;

/** The largest resident set within half of the time. */
async function largestFor(pid: number): Promise<number> {
  let largest = 0;
  for (let second = 0; second < polledSeconds / 2; second += 1) {
    await sleep(1_000);
    largest = Math.max(largest, await memoryOf(pid, "VmRSS"));
  }
  return largest;
}

async function memoryOf(pid: number, key: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
}
