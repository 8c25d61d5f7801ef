/** A run of version 1.0 that this version goes on with, from the state as that program left it. */
import { describe, expect, it } from "vitest";
import { findReport, readHistory } from "../../src/operate/history.ts";
import { readStatus } from "../../src/operate/status.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { plant, read, type Sample, sampleOf, signal } from "../unit/pipeline/version-1.ts";
import { retry } from "./retrying.ts";
import {
  day,
  expectSound,
  harvesterOf,
  listed,
  minute,
  newRelease,
  pastRuns,
  storedRun,
  twoZones,
} from "./seen.ts";

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

  it("of the harvest that fails can be retried, though a later run has ended in its preflight", async () => {
    const fake = await killedInMidHarvest();
    plant(fake, inWorldOf(fake, sampleOf("mid-harvest")));
    const { outcomes } = harvesterOf(fake);
    for (const job of listed(fake)) outcomes.set(job, { exitCode: "FAILED" });
    const settings = { STRICT_ERROR_CHECKING: "true", HARVEST_JOB_RETRIES: "0" };
    expect(await fake.builder("builder-3", { settings }).run()).toEqual({ code: 1 });
    const [failed, document] = [storedRun(fake), fake.data];
    expect(failed).toMatchObject({ phase: "failed", failure: { code: "HARVEST_JOBS_FAILED" } });
    fake.data = Buffer.from("{}");
    for (const later of ["builder-4", "builder-5"])
      expect(await fake.builder(later).run()).toEqual({ code: 2 });
    fake.data = document;
    expect(storedRun(fake).runId).toBe(failed.runId);
    expect(fake.store.state?.document).toEqual(Uint8Array.from(document));
    outcomes.clear();
    expect(await fake.builder("retry-1", { settings }).run(retry)).toEqual({ code: 0 });
    expect(fake.live).toEqual([failed.release]);
    expect(await fake.builder("builder-6").run()).toEqual({ code: 0 });
    expect(fake.store.state?.document).toBeUndefined();
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
