/** Settings that are changed under a run: it ends as it began, and the next one takes them up. */
import { describe, expect, it } from "vitest";
import type { Mapping } from "../../src/domain/dns-records.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { rollBack } from "../../src/operate/roll-back.ts";
import type { FakeBuilder } from "../fakes/builder.ts";
import { createFakeWorld } from "../fakes/world.ts";
import { doing, expectSound, newRelease, storedRun, twoZones } from "./seen.ts";

/** The builder reads another dns-mappings.yaml. */
function withMappings(builder: FakeBuilder, mappings: Mapping[]): FakeBuilder {
  builder.world.settings = { ...builder.world.settings, mappings };
  return builder;
}

describe("a name taken off the mappings between two builders", () => {
  it("is moved with the others: a swap is all names or none", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    const first = fake.builder("builder-1");
    fake.when("after", "dns.change", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    const second = withMappings(fake.builder("builder-2"), twoZones.slice(0, 1));
    expect(await second.run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(fake.said).toContain("dns mappings");
    expectSound(fake);
  });

  it("is put back with the others", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones, settings: { RETAIN_PREVIOUS: "48h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    const rollback = withMappings(fake.builder("rollback-1"), twoZones.slice(0, 1));
    expect(await rollback.run(doing(rollBack))).toEqual({ code: 0 });
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("keeps its TTL from staying lowered when the run is aborted", async () => {
    const fake = createFakeWorld({ live: { ttl: 3_600 }, mappings: twoZones });
    const first = fake.builder("builder-1", { settings: { DNS_SWAP_TTL: "60s" } });
    fake.when("after", "harvester.startList", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    const abort = withMappings(fake.builder("abort-1"), twoZones.slice(0, 1));
    expect(await abort.run(abortRun)).toEqual({ code: 0 });
    expect(fake.zones.get("other")?.find("colplanta.example.")?.ttl).toBe(3_600);
    expectSound(fake);
  });
});

describe("a name added to the mappings between two builders", () => {
  it("waits for the next run instead of ending this one after its harvest", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "harvester.startList", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    const more = [...fake.mappings, { zone: "site", name: "new.prod.example.", service: "ingress" }];
    expect(await withMappings(fake.builder("builder-2"), more).run()).toEqual({ code: 0 });
    expect(fake.zones.get("site")?.find("new.prod.example.")).toBeUndefined();
    expect(await withMappings(fake.builder("builder-3"), more).run()).toEqual({ code: 0 });
    expect(fake.zones.get("site")?.find("new.prod.example.")).toBeDefined();
    expectSound(fake);
  });

  it("is taken up at once where the run has pinned nothing yet", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("before", "store.save", () => first.terminate(), 3);
    expect(await first.run()).toMatchObject({ code: 75 });
    const more = [...fake.mappings, { zone: "site", name: "new.prod.example.", service: "ingress" }];
    expect(await withMappings(fake.builder("builder-2"), more).run()).toEqual({ code: 0 });
    expect(fake.zones.get("site")?.find("new.prod.example.")).toBeDefined();
  });
});

describe("another JOB_LIST between two builders", () => {
  it("starts no second list beside the one that runs, and nothing goes live before that one is over", async () => {
    const document = structuredClone(createFakeWorld().document);
    document.jobLists.push({ ...document.jobLists[0]!, identifier: "2", description: "another" });
    const fake = createFakeWorld({ live: {}, document });
    const first = fake.builder("builder-1");
    fake.when("after", "harvester.startList", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    expect(await fake.builder("builder-2", { settings: { JOB_LIST: "2" } }).run()).toEqual({ code: 0 });
    expect(storedRun(fake).harvest?.map(({ name }) => name)).toEqual(["1"]);
    expect(fake.cluster.require(newRelease(fake)).harvester.starts).toBe(1);
    expect(fake.said).toContain("JOB_LIST");
    expectSound(fake);
  });
});

describe("a chart that somebody pushes to between two builders", () => {
  it("is installed as the run had pinned it", async () => {
    const fake = createFakeWorld({ live: {} });
    const pinned = fake.chart.commit;
    const first = fake.builder("builder-1");
    fake.when("before", "releases.install", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    fake.chart.commit = "2".repeat(40);
    const second = fake.builder("builder-2");
    const { sources } = second.world.ports;
    const fetched: (string | undefined)[] = [];
    second.world.ports.sources = {
      ...sources,
      fetchChart: (commit, signal) => {
        fetched.push(commit);
        return sources.fetchChart(commit, signal);
      },
    };
    expect(await second.run()).toEqual({ code: 0 });
    expect(fetched).toEqual([pinned]);
    expectSound(fake);
  });
});
