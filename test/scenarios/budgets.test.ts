/** What a rebuild may ask of others while it waits, and keep in the cluster (docs/performance.md). No time is measured. */
import { beforeAll, describe, expect, it } from "vitest";
import type { RunState } from "../../src/domain/run-state.ts";
import type { StepContext } from "../../src/pipeline/step.ts";
import { listMemory } from "../../src/steps/harvest/list-memory.ts";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { recordCalls, requestsPerCall, type Call } from "../fakes/call-counts.ts";
import { createFakeWorld, type FakeWorld, type FakeWorldOptions } from "../fakes/world.ts";
import { recordsOf } from "../sandbox/harvester/data-configuration.ts";
import { expectSound, hour, minute, storedRun } from "./seen.ts";

const mostKubernetesRequests = 150;
const mostHarvesterRequests = 130;
const mostStateBytes = 256 * 1024;

let requests: Record<string, number>;
beforeAll(async () => {
  requests = await requestsPerCall();
});

/** A whole rebuild at the default settings; every call with its time. */
async function rebuild(options: FakeWorldOptions): Promise<{ fake: FakeWorld; calls: Call[] }> {
  const fake = createFakeWorld({ live: {}, ...options });
  const builder = fake.builder("builder-1");
  const calls = recordCalls(builder.world);
  expect(await builder.run()).toEqual({ code: 0 });
  expectSound(fake);
  return { fake, calls };
}

/** The most requests that fell into any hour between two moments. */
function mostInAnHour(
  calls: readonly Call[],
  from: number,
  to: number,
  cost: (call: Call) => number,
): number {
  const within = calls.filter(({ at }) => at > from && at < to);
  let [most, sum, first] = [0, 0, 0];
  for (const call of within) {
    sum += cost(call);
    for (; within[first]!.at <= call.at - hour; first += 1) sum -= cost(within[first]!);
    most = Math.max(most, sum);
  }
  return most;
}

const ofKubernetes = ({ name }: Call): number => {
  if (!/^(cluster|store|leases)\.|^notifier\.announce$/.test(name)) return 0;
  const cost = requests[name] ?? 0;
  if (cost === 0) throw new Error(`how many requests ${name} makes is not known`);
  return cost;
};
const ofHarvester = ({ name }: Call): number => (name.startsWith("harvester.") ? 1 : 0);

/** When the list was started, and when it was seen to be over. */
function harvestOf(fake: FakeWorld): [from: number, to: number] {
  const list = Object.values(storedRun(fake).harvest ?? {})[0];
  // In virtual time the last look at the pods falls into the moment of the start.
  return [Date.parse(list?.startedAt ?? "") + minute, Date.parse(list?.endedAt ?? "")];
}

describe("in an hour of waiting for the harvest, at the default intervals", () => {
  it.each<[string, FakeWorldOptions]>([
    [
      "production's list, 82 jobs in 18 hours",
      {
        document: generateDataConfiguration(),
        harvester: { jobMs: (job) => 10_000 + recordsOf(job) * 10 },
      },
    ],
    [
      "one job that runs for half a day",
      {
        document: generateDataConfiguration({ organisations: 1, jobs: 3, listed: 2 }),
        harvester: { jobMs: 12 * hour },
      },
    ],
  ])("the API server and the harvester are left in peace: %s", async (_, options) => {
    const { fake, calls } = await rebuild(options);
    const [from, to] = harvestOf(fake);
    expect(to - from).toBeGreaterThan(10 * hour);
    expect(mostInAnHour(calls, from, to, ofKubernetes)).toBeLessThanOrEqual(mostKubernetesRequests);
    expect(mostInAnHour(calls, from, to, ofHarvester)).toBeLessThanOrEqual(mostHarvesterRequests);
  });

  it("a job that ends costs the API server one write", async () => {
    const document = generateDataConfiguration({ organisations: 3, jobs: 9, listed: 8 });
    const { fake, calls } = await rebuild({ document, harvester: { jobMs: 4 * minute } });
    const [from, to] = harvestOf(fake);
    const writes = calls.filter(({ name, at }) => name === "store.save" && at > from && at < to);
    const progressLines = Math.ceil((to - from) / (5 * minute));
    expect(writes.length).toBeLessThanOrEqual(8 + progressLines);
  });
});

describe("what is kept of a run with 10,000 jobs", () => {
  it("stays below 256 KiB, the pinned configuration and what earlier runs left aside", async () => {
    const document = generateDataConfiguration({ jobs: 10_001, listed: 10_000 });
    const { fake } = await rebuild({});
    const written: { run?: object; bytes?: Uint8Array } = {};
    const context = {
      attachment: () => undefined,
      attach: async (_: string, bytes: Uint8Array, patch?: object) =>
        Object.assign(written, { bytes, run: patch }),
    };
    const memory = listMemory("1", storedRun(fake), context as unknown as StepContext<RunState>);
    for (const [index, job] of document.jobConfigurations.entries()) {
      const records = recordsOf(job);
      memory.addResult(`${job.identifier}#${index}`, [10 + Math.round(records / 100), records, "COMPLETED"]);
    }
    const remaining = document.jobConfigurations.map((_, position) => position);
    const reason = "x".repeat(300);
    const bad = Array.from({ length: 50 }, (_, position) => ({
      position,
      identifier: document.jobConfigurations[position]!.identifier,
      description: document.jobConfigurations[position]!.description,
      exitCode: "FAILED",
      reason,
    }));
    await memory.save({ queue: { reason: "rescue", remaining }, bad, badCount: 10_000 });
    const run = JSON.stringify({ ...storedRun(fake), ...written.run });
    expect(run).toContain("9999");
    const size = Buffer.byteLength(run) + written.bytes!.byteLength;
    expect(size).toBeGreaterThan(100_000);
    expect(size).toBeLessThanOrEqual(mostStateBytes);
  });
});

describe("after the swap", () => {
  it("all names drain together: twice the longest of their old TTLs, not the sum of them", async () => {
    const mappings = ["a", "b", "c", "d"].map((letter) => ({
      zone: letter < "c" ? "site" : "other",
      name: `${letter}.${letter < "c" ? "prod" : "other"}.example.`,
      service: "ingress",
    }));
    const fake = createFakeWorld({ live: {}, mappings, settings: { POST_SWAP_WATCH: "1m" } });
    const ttls = [600, 1_200, 1_800, 900];
    for (const [index, { zone, name }] of mappings.entries()) {
      const record = fake.zones.get(zone)?.find(name);
      if (record) fake.zones.get(zone)?.put({ ...record, ttl: ttls[index]! });
    }
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expectSound(fake);
    const { swappedAt, oldTtlSeconds } = storedRun(fake).dns ?? {};
    expect(oldTtlSeconds).toBe(1_800);
    const step = storedRun(fake).steps.find(({ name }) => name === "swap-dns");
    const drainedMs = Date.parse(step?.finishedAt ?? "") - Date.parse(swappedAt ?? "");
    expect(drainedMs).toBeGreaterThanOrEqual(2 * 1_800_000);
    expect(drainedMs).toBeLessThan(2 * 1_800_000 + minute);
  });
});
