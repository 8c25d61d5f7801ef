/** Defects that the matrices have found, each as a story of its own. */
import { describe, expect, it } from "vitest";
import { taxonKinds } from "../../src/domain/gate.ts";
import { statusLines } from "../../src/operate/status-lines.ts";
import { readStatus } from "../../src/operate/status.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { rejected, retry } from "./retrying.ts";
import { expectSound, hour, minute, newRelease, pastRuns, storedRun } from "./seen.ts";

describe("a Job's next pod", () => {
  it("begins no second rebuild when the pod before it died right after the run's end", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("pod-1", { job: "builder-28" });
    fake.when("after", "store.save", function watch() {
      if (storedRun(fake).phase === "succeeded") first.kill();
      else fake.when("after", "store.save", watch);
    });
    expect(await first.run()).toEqual({ code: "killed" });
    const release = newRelease(fake);
    expect(await fake.builder("pod-2", { job: "builder-28" }).run()).toEqual({ code: 0 });
    expect(newRelease(fake)).toBe(release);
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "live"]);
    expect(pastRuns(fake)).toEqual(["succeeded"]);
    expect(await fake.builder("pod-3", { job: "builder-29" }).run()).toEqual({ code: 0 });
    expect(newRelease(fake)).not.toBe(release);
  });

  it("says how the run ended when that was a failure", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.zones.get("site")!.denied = "everything";
    const first = fake.builder("pod-1", { job: "builder-28" });
    fake.when("before", "notifier.notify", () => first.kill(), 2);
    expect(await first.run()).toEqual({ code: "killed" });
    fake.zones.get("site")!.denied = false;
    expect(await fake.builder("pod-2", { job: "builder-28" }).run()).toEqual({ code: 2 });
    expect(pastRuns(fake)).toEqual(["failed PREFLIGHT"]);
  });
});

describe("a Job with a uid", () => {
  const podOf = (fake: FakeWorld, pod: string, uid: string) =>
    fake.builder(pod, { job: "rebuild-1", settings: { JOB_UID: uid } });

  it("is the same Job a day later, and another when it was made anew under its name", async () => {
    const fake = createFakeWorld({ live: {} });
    expect(await podOf(fake, "pod-1", "uid-1").run()).toEqual({ code: 0 });
    const release = newRelease(fake);
    expect(storedRun(fake).builders).toMatchObject([{ name: "pod-1", job: "rebuild-1", jobUid: "uid-1" }]);
    await fake.clock.sleep(24 * hour);
    expect(await podOf(fake, "pod-2", "uid-1").run()).toEqual({ code: 0 });
    expect(fake.said).toContain("of this Job is over already");
    expect(newRelease(fake)).toBe(release);
    expect(await podOf(fake, "pod-3", "uid-2").run()).toEqual({ code: 0 });
    expect(newRelease(fake)).not.toBe(release);
    expectSound(fake);
  });

  it("is named, not numbered, in what operators are told to type", async () => {
    const fake = createFakeWorld({ live: {} });
    const running = podOf(fake, "pod-1", "uid-1").run();
    await fake.clock.sleep(20 * minute);
    const { signal } = new AbortController();
    const status = await readStatus(fake.builder("status-1").world, signal);
    expect(statusLines(status, fake.clock.now()).join("\n")).toContain(
      "kubectl logs -f -n builder job/rebuild-1",
    );
    expect(await podOf(fake, "pod-2", "uid-2").run()).toEqual({ code: 0 });
    expect(fake.said).toContain("kubectl logs -f -n builder job/rebuild-1");
    expect(fake.said).not.toContain("uid-1");
    expect(await running).toEqual({ code: 0 });
  });

  it("that reopened a run goes on with it in its next pod; no other does, whatever its name", async () => {
    const fake = await rejected();
    const first = podOf(fake, "pod-1", "uid-1");
    fake.when("after", "store.save", () => first.kill());
    expect(await first.run(retry)).toEqual({ code: "killed" });
    expect(await podOf(fake, "pod-2", "uid-2").run(retry)).toMatchObject({
      code: 3,
      error: { code: "RUN_UNDER_WAY" },
    });
    expect(await podOf(fake, "pod-3", "uid-1").run(retry)).toMatchObject({ code: 1 });
  });
});

describe("a single hiccup", () => {
  it("after hours of work in one step is waited for like any other", async () => {
    const fake = createFakeWorld({ live: {}, settings: { APPROVAL: "auto-after:5h" } });
    fake.faults.add({ calls: "dns.change", times: 3 });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expectSound(fake);
  });

  it("of the connection at the import does not fail the run", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.faults.add({ calls: "harvester.importData", times: 2 });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.cluster.require(newRelease(fake)).harvester.imports).toBe(1);
  });
});

describe("a clock that is set while a run is at work", () => {
  it.each([
    ["an hour ahead", 60, "while pods are waited for", 0.5],
    ["an hour ahead", 60, "in the harvest", 10],
    ["an hour behind", -60, "in the harvest", 10],
    ["a day ahead", 24 * 60, "in the harvest", 10],
    ["an hour behind", -60, "in the drain", 45],
    ["an hour ahead", 60, "in the drain", 45],
  ])("%s (%d minutes), %s: the run goes on, alone", async (_, minutes, __, after) => {
    const fake = createFakeWorld({ live: {} });
    fake.invariants.fenceIsWatched = true;
    const builder = fake.builder("builder-1");
    fake.clock.at(fake.clock.now() + after * minute, () => builder.clock.jump(minutes * minute));
    const outcomes = [await builder.run()];
    expect(outcomes).toEqual([{ code: 0 }]);
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });
});

describe("a run that does not get on", () => {
  it("is announced once, when it has been interrupted for more than two hours", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", () =>
      fake.faults.add({ calls: /^harvester\./, skip: 3, forMs: 5 * hour }),
    );
    let pods = 0;
    let outcome: { code: unknown } = { code: 75 };
    while (outcome.code === 75) {
      outcome = await fake.builder(`builder-1-${(pods += 1)}`, { job: "builder-1" }).run();
      await fake.clock.sleep(5 * minute);
    }
    expect(outcome).toEqual({ code: 0 });
    expect(pods).toBeGreaterThan(12);
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "stuck", "live"]);
    expect(fake.notifications[1]?.text).toMatch(/has made no progress for 2h \d+m: /);
    expectSound(fake);
  });

  it("is announced too where each builder waits longer than for an outage before it gives up", async () => {
    const fake = createFakeWorld({ live: {} });
    const addressesVanish = () => fake.cluster.moveAddresses(newRelease(fake), "none");
    fake.when("after", "dns.change", () => fake.clock.at(fake.clock.now() + minute, addressesVanish));
    for (const pod of [1, 2, 3, 4, 5, 6, 7]) {
      expect(await fake.builder(`builder-1-${pod}`, { job: "builder-1" }).run()).toMatchObject({ code: 75 });
      await fake.clock.sleep(5 * minute);
    }
    expect(fake.said).toContain("DNS_DRIFT");
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "stuck"]);
  });

  it("is not announced where each builder works for hours before it is interrupted", async () => {
    const fake = createFakeWorld({ live: {}, harvester: { jobMs: 2 * hour } });
    for (const pod of [1, 2, 3]) {
      const builder = fake.builder(`builder-1-${pod}`, { job: "builder-1" });
      fake.clock.at(fake.clock.now() + 90 * minute, () => builder.terminate());
      expect(await builder.run()).toMatchObject({ code: 75 });
    }
    expect(await fake.builder("builder-1-4", { job: "builder-1" }).run()).toEqual({ code: 0 });
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "live"]);
  });
});

describe("an outage as long as the watch", () => {
  it("does not let a site that is down stay live: the next builder looks before it deletes the old one", async () => {
    const fake = createFakeWorld({ live: {}, settings: { POST_SWAP_WATCH: "3m", DNS_DRAIN_TTLS: "1" } });
    fake.when("after", "dns.change", () => {
      fake.cluster.require(newRelease(fake)).siteStatus = 500;
      fake.faults.add({ calls: /^cluster\./, forMs: 30 * minute });
    });
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    await fake.clock.sleep(30 * minute);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
    expect(storedRun(fake).phase).toBe("rolled-back");
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });
});

describe("a live site that stops answering while it is being compared", () => {
  it("is compared by what it had said: half a site does not go live", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("before", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.taxaFactor = 0.5;
    });
    fake.faults.add({ calls: "site.countTaxa", skip: taxonKinds.length, forMs: 14 * minute });
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 1 });
    expect(fake.said).toContain("the live site gives no number of accepted names");
    expect(pastRuns(fake)).toEqual(["failed GATE_RESULTS"]);
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });
});

describe("a namespace that goes in the middle of an install", () => {
  it("because a dead builder's deletion arrived late is made and installed anew", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("before", "releases.install", ({ args: [given] }) => {
      const { name } = given as { name: string };
      fake.clock.at(fake.clock.now() + 3_000, () => fake.cluster.delete(name));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.effects("releases.install")).toHaveLength(2);
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });
});

describe("a harvester that dies while its pod can't be seen", () => {
  it("is rescued all the same", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.faults.add({ calls: /^cluster\./, forMs: 8 * minute });
      fake.clock.at(fake.clock.now() + 4 * minute, () => fake.cluster.restart(String(args[0]), "harvester"));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).harvest?.[0]?.rescued).toBe(true);
    expectSound(fake);
  });
});

describe("a builder that takes a run up", () => {
  it("says first where the run goes on, and what to type to end it or to go back", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "harvester.startList", () => first.kill());
    await first.run();
    const second = fake.builder("builder-2");
    fake.when("after", "dns.change", () => second.kill());
    await second.run();
    await fake.builder("builder-3").run();
    const said = fake.lines.filter(({ message }) => message.startsWith("next: "));
    expect(said.map(({ builder }) => builder)).toEqual(["builder-2", "builder-3"]);
    expect(said[0]?.message).toMatch(/^next: await-harvest,.*; to end it: {2}kubectl create job abort-1 /);
    expect(said[1]?.message).toMatch(/^next: swap-dns,.*; to go back: {2}kubectl create job rollback-1 /);
  });
});
