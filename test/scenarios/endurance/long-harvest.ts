/**
 * A builder of its own process that takes up a run in mid-harvest and follows it to its end: all of the program but the
 * clock, which runs as fast as HTTP allows. Its parent keeps the harvesters' time in step and is told what it measured.
 */
import { subscribe } from "node:diagnostics_channel";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { ClientRequest } from "node:http";
import { compose } from "../../../src/compose.ts";
import { parseSettings } from "../../../src/config/settings.ts";
import { CancelledError } from "../../../src/errors.ts";
import { natures } from "../../../src/ports/index.ts";
import { rebuild } from "../../../src/operate/rebuild.ts";
import { createRedactor } from "../../../src/redaction.ts";
import { FastClock } from "./fast-clock.ts";

export interface Sample {
  polls: number;
  /** Bytes, after a full collection of garbage. */
  rss: number;
  heap: number;
  sockets: number;
  /** Those of the program's clock and Node's own. */
  timers: number;
}

export interface LongHarvest {
  code: number;
  polls: number;
  hours: number;
  samples: Sample[];
  logLines: string[];
  /** The most requests in any hour, by port of the server. */
  mostInAnHour: Record<string, number>;
}

const pollsPerSample = 120;
const hourMs = 3_600_000;
const longestCallMs = 2_000;

const send = (message: object) => new Promise<void>((resolve) => process.send!(message, () => resolve()));
/** Tells the parent the time; goes on once the harvesters have it. */
async function tellTime(now: number): Promise<void> {
  const heard = new Promise((resolve) => process.once("message", resolve));
  await send({ now });
  await heard;
}

const clock = new FastClock(Date.now(), tellTime);
const began = clock.now();
const samples: Sample[] = [];
const logLines: string[] = [];
const requests = new Map<string, Map<number, number>>();
let polls = 0;

function count(server: string): void {
  const hour = Math.floor((clock.now() - began) / hourMs);
  const hours = requests.get(server) ?? new Map<number, number>();
  hours.set(hour, (hours.get(hour) ?? 0) + 1);
  requests.set(server, hours);
}
subscribe("http.client.request.start", (message) => {
  count(String((message as { request: ClientRequest }).request.getHeader("host")));
});

/** By the kernel's own account: Node hides kept connections that nobody uses. */
function openSockets(): number {
  const targets = readdirSync("/proc/self/fd").map((fd) => readlinkIfThere(`/proc/self/fd/${fd}`));
  return targets.filter((target) => target.startsWith("socket:")).length;
}

/** The descriptor of the folder itself is closed by then. */
function readlinkIfThere(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}

function takeSample(): void {
  for (let times = 0; times < 3; times += 1) globalThis.gc?.();
  const { rss, heapUsed: heap } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  samples.push({ polls, rss, heap, sockets: openSockets(), timers: timers + clock.timers });
}

// A call's deadline is a timer of real time, which holds what it belongs to until it fires: half a minute is a thousand
// polls here and none in production. Loopback answers within milliseconds.
const realTimeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (ms) => realTimeout(Math.min(ms, longestCallMs));

const stop = new AbortController();
const settings = parseSettings(process.env, (file) =>
  existsSync(file) ? readFileSync(file, "utf8") : undefined,
);
const { world, dispose } = await compose({
  settings,
  env: process.env,
  version: "test",
  color: false,
  redactor: createRedactor(),
  write(text) {
    logLines.push(...text.trimEnd().split("\n"));
    if (/await-harvest +done in/.test(text)) stop.abort(new CancelledError("STOPPED", "the harvest is over"));
  },
});

const ports = clock.watchAll(
  world.ports,
  Object.keys(natures).filter((name) => name !== "operators"),
);
const findList = ports.harvester.findList.bind(ports.harvester);
ports.harvester.findList = async (...where) => {
  polls += 1;
  const list = await findList(...where);
  if (polls % pollsPerSample === 0) takeSample();
  return list;
};
const stores = clock.watchAll({ store: world.store, leases: world.leases }, ["store", "leases"]);
const { code } = await rebuild({ ...world, ...stores, ports, clock }, stop.signal);
dispose();
const mostInAnHour = Object.fromEntries(
  [...requests].map(([server, hours]) => [server, Math.max(0, ...hours.values())]),
);
const hours = (clock.now() - began) / hourMs;
const result: LongHarvest = { code, polls, hours, samples, logLines, mostInAnHour };
await send({ result });
process.disconnect();
