/** The state of version 1.0, as that program left it (test/fixtures/version-1): read, and gone on with in mid-run. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findReport, readHistory } from "../../../src/operate/history.ts";
import { readStatus } from "../../../src/operate/status.ts";
import { type ReadState, readState } from "../../../src/pipeline/state.ts";
import { createFakeWorld, type FakeWorld } from "../../fakes/world.ts";
import { day, expectSound, minute, newRelease, pastRuns, storedRun, twoZones } from "../../scenarios/seen.ts";

interface Sample {
  run: Record<string, unknown> & { release: string; dns: object; harvest: Record<string, object> };
  /** None where no run had ended yet. */
  history?: object;
  attachments: Record<string, unknown>;
}

type SampleName = "mid-harvest" | "mid-swap" | "finished";

function sampleOf(name: SampleName): Sample {
  const file = new URL(`../../fixtures/version-1/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Sample;
}

const { signal } = new AbortController();

/** Stores what version 1.0 had stored, the data configuration beside it. */
function plant(fake: FakeWorld, { run, history, attachments }: Sample): void {
  const texts = Object.entries(attachments).map(([name, value]) => [name, JSON.stringify(value)] as const);
  fake.store.document = undefined;
  fake.store.state = {
    ...{ run: JSON.stringify(run), attachments: new Map(texts) },
    ...(history && { history: JSON.stringify(history) }),
    ...{ document: Uint8Array.from(fake.data), version: fake.store.nextVersion() },
  };
}

function read(fake: FakeWorld): Promise<ReadState> {
  return readState(fake.builder("reader-1").world, signal);
}

async function readSample(sample: Sample): Promise<ReadState> {
  const fake = createFakeWorld();
  plant(fake, sample);
  return read(fake);
}

describe("a state of version 1.0", () => {
  it("in mid-harvest is read with its list, its executions, and what earlier runs took and brought", async () => {
    const sample = sampleOf("mid-harvest");
    const { run, history, attachments } = await readSample(sample);
    const gone = { known: undefined, addresses: undefined, reinstall: undefined };
    const harvest = [{ name: "1", ...sample.run.harvest["1"] }];
    expect(run).toEqual({ ...sample.run, ...gone, schemaVersion: 2, harvest });
    expect(attachments.jobs).toHaveLength(2);
    const [first] = attachments.jobs;
    const [key, result] = Object.entries(sample.attachments["jobs"] as Record<string, unknown[]>)[0]!;
    expect(first).toEqual([key.replace("#1", ""), 1, ...result]);
    expect(Object.fromEntries(attachments.timings)).toEqual(sample.attachments["timings"]);
    expect(Object.fromEntries(attachments.records)).toEqual(sample.attachments["records"]);
    expect(history).toMatchObject({
      schemaVersion: 2,
      runs: [
        {
          phase: "succeeded",
          replaced: ["prod-old01"],
          inputs: {
            chartCommit: "1".repeat(40),
            valuesDigest: "0".repeat(64),
            secretsDigest: "2".repeat(64),
          },
          harvest: { jobs: 4, ended: 4, bad: 0 },
          gate: { results: 1_423_456 },
        },
      ],
    });
  });

  it("in mid-swap knows what it has written to DNS, and with what it ends once the names are back", async () => {
    const { run } = await readSample(sampleOf("mid-swap"));
    expect(run?.dns?.written).toEqual([
      { name: "prod.example.", addresses: ["203.0.113.4"] },
      { name: "colplanta.example.", addresses: ["203.0.113.5"] },
    ]);
    expect(run?.dns?.undoing).toMatchObject({ code: "DNS_CHANGED", exitCode: 3 });
    expect(run?.dns?.undoing).not.toHaveProperty("kind");
  });

  it("that has not begun its swap has written nothing", async () => {
    const { run } = await readSample(sampleOf("mid-harvest"));
    expect(run?.dns).not.toHaveProperty("written");
  });

  it("of a finished run keeps what a person accepted, and passes over what only people looked at", async () => {
    const sample = sampleOf("finished");
    const { run, history, attachments } = await readSample(sample);
    const accepted = { reason: "photographs are shown elsewhere now", by: "builder-2" };
    expect(run?.gate?.accepted).toMatchObject(accepted);
    expect(run?.gate?.accepted).not.toHaveProperty("of");
    expect(run).not.toHaveProperty("acceptance");
    expect(history.runs.map(({ phase }) => phase)).toEqual(["failed", "succeeded"]);
    expect(history.runs[0]?.failure?.code).toBe("GATE_COUNTS");
    expect(history.runs[1]?.gate?.accepted).toMatchObject(accepted);
    expect(sample.attachments).toHaveProperty("reports");
    expect(sample.attachments).toHaveProperty("evidence");
    expect(attachments).toMatchObject({ past: [], evidence: [] });
  });

  it("from before gates counted by kind keeps the results of its runs", async () => {
    const sample = sampleOf("finished");
    const [entry] = (sample.history as { runs: Record<string, unknown>[] }).runs;
    const missing = { gate: undefined, jobs: undefined, endedJobs: undefined, badJobs: undefined };
    const runs = [{ ...entry, ...missing }];
    const { history } = await readSample({ ...sample, history: { schemaVersion: 1, runs } });
    expect(history.runs[0]).toMatchObject({ gate: { results: 1_423_456 } });
    expect(history.runs[0]).not.toHaveProperty("harvest");
  });

  it("has lists and jobs by any name", async () => {
    const sample = sampleOf("mid-harvest");
    const named = (value: unknown) =>
      ["constructor", "__proto__", "toString"].map(
        (name) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
      );
    const object = (entries: readonly string[]) =>
      JSON.parse(`{${entries.join()}}`) as Record<string, object>;
    const jobs = object(named([1, 2, "COMPLETED"]).map((text) => text.replace('":', '#7":')));
    const attachments = { jobs, timings: object(named([60, 70])), records: object(named(5)) };
    const harvest = object(named({ jobs: 3 }));
    const { run, attachments: kept } = await readSample({
      ...sample,
      run: { ...sample.run, harvest },
      attachments,
    });
    const names = ["constructor", "__proto__", "toString"];
    expect(run?.harvest).toEqual(names.map((name) => ({ name, jobs: 3 })));
    expect(kept.jobs).toEqual(names.map((name) => [name, 7, 1, 2, "COMPLETED"]));
    expect(kept.timings).toEqual(names.map((name) => [name, [60, 70]]));
    expect(kept.records).toEqual(names.map((name) => [name, 5]));
  });

  it.each<[string, (sample: Sample) => Partial<Sample>]>([
    ["a list that is none", ({ run }) => ({ run: { ...run, harvest: { "1": null } } as never })],
    ["lists that are one", ({ run }) => ({ run: { ...run, harvest: ["1"] } as never })],
    ["mappings that are none", ({ run }) => ({ run: { ...run, pinned: { jobLists: [] } } })],
    ["a result that is none", () => ({ attachments: { jobs: { "a#1": 5 } } })],
    ["a duration that is none", () => ({ attachments: { timings: { a: "long" } } })],
    ["a history without runs", () => ({ history: { schemaVersion: 1 } })],
    ["a run of the history that is none", () => ({ history: { schemaVersion: 1, runs: [null] } })],
    ["a field that version 1.0 never had", ({ run }) => ({ run: { ...run, note: "do not touch" } })],
  ])("that was damaged by %s is refused as what can't be read", async (_, damage) => {
    const sample = sampleOf("mid-swap");
    await expect(readSample({ ...sample, ...damage(sample) })).rejects.toMatchObject({
      code: "STATE_UNREADABLE",
      hint: expect.stringContaining("kubectl get configmap") as string,
    });
  });
});

describe("an upgrade in mid-run", () => {
  /** The sample with what only this world can say: names, times, addresses, the harvester's pod. */
  function inWorldOf(fake: FakeWorld, sample: Sample): Sample {
    const { runId, release, startedAt, builders, previous, dns, harvest } = storedRun(fake);
    const { pod, startedAt: listStartedAt } = harvest![0]!;
    const list = { ...sample.run.harvest["1"], pod, startedAt: listStartedAt };
    const addresses = Object.fromEntries(
      fake.mappings.map(({ service }) => [service, fake.cluster.addressOf(release, service)]),
    );
    const run = { ...sample.run, runId, release, startedAt, builders, previous, addresses };
    return {
      ...sample,
      run: { ...run, dns: { ...sample.run.dns, before: dns!.before }, harvest: { "1": list } },
    };
  }

  /** A world with one good run, whose second was killed in its harvest. */
  async function killedInMidHarvest(): Promise<FakeWorld> {
    const fake = createFakeWorld({ live: {} });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    await fake.clock.sleep(7 * day);
    const old = fake.builder("builder-2");
    const running = old.run();
    await fake.clock.sleep(25 * minute);
    old.kill();
    await running;
    return fake;
  }

  it("of the harvest goes on to its end: the list that was started is followed, what was known is used", async () => {
    const fake = await killedInMidHarvest();
    const release = newRelease(fake);
    plant(fake, inWorldOf(fake, sampleOf("mid-harvest")));
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    expect(storedRun(fake)).toMatchObject({ schemaVersion: 2, phase: "succeeded", release });
    expect(fake.live).toEqual([release]);
    expect(fake.effects("harvester.startList")).toHaveLength(2);
    expect(fake.effects("releases.install")).toHaveLength(2);
    const { attachments, history } = await read(fake);
    expect(attachments.jobs).toHaveLength(4);
    expect(attachments.timings.map(([, seconds]) => seconds.length)).toEqual([2, 2, 2, 2]);
    expect(history.runs.map(({ phase }) => phase)).toEqual(["succeeded", "succeeded"]);
    const { jobs } = await findReport(fake.builder("report-1").world, undefined, signal);
    expect(jobs.map(({ name }) => name)).toEqual(
      fake.document.jobConfigurations
        .slice(0, 3)
        .map(({ description }) => description)
        .concat([fake.document.jobConfigurations.at(-1)!.description]),
    );
    expectSound(fake);

    await fake.clock.sleep(7 * day);
    expect(await fake.builder("builder-4").run()).toEqual({ code: 0 });
    expect(fake.store.secondDocument).toBeDefined();
    expect(fake.store.state?.document).toBeUndefined();
    expect([...(fake.store.state?.attachments.keys() ?? [])]).not.toContain("reports");
  });

  it("of the harvest may be killed at once, and goes on all the same", async () => {
    const fake = await killedInMidHarvest();
    plant(fake, inWorldOf(fake, sampleOf("mid-harvest")));
    // Its first write makes run.json one of this version; what is kept beside it is still of 1.0.
    const third = fake.builder("builder-3");
    fake.when("after", "store.save", () => third.kill());
    expect(await third.run()).toEqual({ code: "killed" });
    expect(storedRun(fake)).toMatchObject({ schemaVersion: 2 });
    expect(JSON.parse(fake.store.state?.attachments.get("timings") ?? "")).not.toBeInstanceOf(Array);
    expect(await fake.builder("builder-4").run()).toEqual({ code: 0 });
    expect((await read(fake)).attachments.jobs).toHaveLength(4);
    expectSound(fake);
  });

  it("of a swap that is being undone puts the names back, and ends as it would have", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    const foreign = { name: "colplanta.example.", type: "A", ttl: 300, rrdatas: ["192.0.2.9"] };
    const old = fake.builder("builder-1");
    fake.when("after", "dns.change", () => fake.zones.get("other")?.put(foreign));
    fake.when("before", "dns.change", () => old.kill(), 3);
    expect(await old.run()).toEqual({ code: "killed" });
    // Its last change never arrived: one name still points at the new release.
    const address = fake.cluster.addressOf(newRelease(fake), "ingress");
    fake.zones.get("site")?.put({ name: "prod.example.", type: "A", ttl: 300, rrdatas: [address!] });
    plant(fake, inWorldOf(fake, sampleOf("mid-swap")));
    expect(await fake.builder("builder-2").run()).toMatchObject({ code: 3 });
    expect(fake.pointsAt(twoZones[0]!)).toBe("prod-old01");
    expect(fake.pointsAt(twoZones[1]!)).toBe("192.0.2.9");
    expect(storedRun(fake)).toMatchObject({ phase: "failed", failure: { code: "DNS_CHANGED" } });
    expect(pastRuns(fake)).toEqual(["failed DNS_CHANGED"]);
    expect(fake.invariants.violations).toEqual([]);
  });

  it("after its end shows that run, and begins the next one", async () => {
    const fake = createFakeWorld({ live: {} });
    const sample = sampleOf("finished");
    plant(fake, sample);
    const { world } = fake.builder("status-1");
    const status = await readStatus(world, signal);
    expect(status.run).toMatchObject({ runId: sample.run["runId"], phase: "succeeded" });
    expect(status.history).toMatchObject({ runs: 2, live: 1 });
    const { lines } = await readHistory(world, "prod-20261122-1200", signal);
    expect(lines.join("\n")).toMatch(/^jobs +4, 0 did not end well$/m);
    const report = await findReport(world, undefined, signal);
    expect(report).toMatchObject({
      phase: "succeeded",
      totals: { jobs: 4 },
      gate: { accepted: { by: "builder-2" } },
    });
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    expect(pastRuns(fake)).toEqual(["failed GATE_COUNTS", "succeeded", "succeeded"]);
    expectSound(fake);
  });
});
