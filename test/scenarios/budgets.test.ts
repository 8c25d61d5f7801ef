/** What a rebuild may ask of others while it waits, and keep in the cluster (docs/performance.md). No time is measured. */
import { describe, expect, it } from "vitest";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { mostInAnHour, recordCalls, requestsPerCall, type Call } from "../fakes/call-counts.ts";
import { stateSizes } from "../fakes/large-state.ts";
import { createFakeWorld, type FakeWorld, type FakeWorldOptions } from "../fakes/world.ts";
import { recordsOf } from "../sandbox/harvester/data-configuration.ts";
import { expectSound, hour, minute, storedRun } from "./seen.ts";

const mostKubernetesRequests = 150;
const mostHarvesterRequests = 130;
const mostStateBytes = 256 * 1024;

/** A whole rebuild at the default settings; every call with its time. */
async function rebuild(options: FakeWorldOptions): Promise<{ fake: FakeWorld; calls: Call[] }> {
  const fake = createFakeWorld({ live: {}, ...options });
  const builder = fake.builder("builder-1");
  const calls = recordCalls(builder.world);
  expect(await builder.run()).toEqual({ code: 0 });
  expectSound(fake);
  return { fake, calls };
}

/** When the list was started, and when it was seen to be over. */
function harvestOf(fake: FakeWorld): [from: number, to: number] {
  const [list] = storedRun(fake).harvest ?? [];
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
    const most = mostInAnHour(calls, await requestsPerCall());
    expect(most.kubernetes).toBeLessThanOrEqual(mostKubernetesRequests);
    expect(most.kubernetes).toBeGreaterThan(100);
    expect(most.harvester).toBeLessThanOrEqual(mostHarvesterRequests);
    expect(most.harvester).toBeGreaterThan(60);
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
  it("stays below 256 KiB as a whole, and the pinned configuration apart below the 1 MiB of a ConfigMap", async () => {
    const sizes = await stateSizes(10_000);
    for (const { state, document } of Object.values(sizes)) {
      const keys = [
        "run.json",
        "history.json",
        "jobs.br",
        "timings.br",
        "records.br",
        "past.br",
        "evidence.br",
      ];
      expect(Object.keys(state).toSorted()).toEqual(keys.toSorted());
      expect(state["evidence.br"]).toBeLessThanOrEqual(40_000);
      const total = Object.values(state).reduce((sum, size) => sum + size, 0);
      expect(total).toBeLessThanOrEqual(mostStateBytes);
      expect(document).toBeGreaterThan(100_000);
      expect(document).toBeLessThan(1024 * 1024);
    }
    // Nothing of it is left out: the whole list is there, and what is left of it.
    expect(sizes.failed.state["jobs.br"]).toBeGreaterThan(50_000);
    expect(sizes.inRescue.state["run.json"]).toBeGreaterThan(20_000);
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
