/** What operators do around a rebuild: roll back, clean up, plan, update, look. */
import { describe, expect, it } from "vitest";
import { annotations, namespaceLabels } from "../../src/domain/names.ts";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { makePlan, planLines } from "../../src/operate/plan.ts";
import { rollBack } from "../../src/operate/roll-back.ts";
import { statusLines } from "../../src/operate/status-lines.ts";
import { readStatus } from "../../src/operate/status.ts";
import { updateLive } from "../../src/operate/update-live.ts";
import type { World } from "../../src/pipeline/world.ts";
import type { Outcome } from "../fakes/builder.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { doing, expectSound, minute, newRelease, pastRuns, storedRun } from "./seen.ts";

const retained = { RETAIN_PREVIOUS: "48h", POST_SWAP_WATCH: "0s" };

async function rebuilt(settings: Record<string, string> = retained): Promise<FakeWorld> {
  const fake = createFakeWorld({ live: {}, settings });
  expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
  return fake;
}

describe("rollback", () => {
  it("points the names back at the retained release, and marks the run", async () => {
    const fake = await rebuilt();
    const made = newRelease(fake);
    expect(fake.live).toEqual([made]);
    expect(await fake.builder("rollback-1").run(doing(rollBack))).toEqual({ code: 0 });
    expect(fake.live).toEqual(["prod-old01"]);
    expect(fake.namespaces).toEqual([made, "prod-old01"].sort());
    expect(storedRun(fake).phase).toBe("rolled-back");
    expect(pastRuns(fake)).toEqual(["rolled-back"]);
    expect(fake.notifications.at(-1)?.event).toBe("rolled-back");
    expect(fake.cluster.require("prod-old01").annotations[annotations.replacedAt]).toBeUndefined();
    expect(fake.cluster.require(made).annotations[annotations.retainUntil]).toBeDefined();
    expectSound(fake);
  });

  it("is refused when the previous release is gone, sick, or nothing was swapped", async () => {
    const gone = await rebuilt({ POST_SWAP_WATCH: "0s" });
    expect(await gone.builder("rollback-1").run(doing(rollBack))).toMatchObject({ code: 3 });
    expect(gone.live).toEqual([newRelease(gone)]);

    const sick = await rebuilt();
    sick.cluster.require("prod-old01").pods["portal"]!.readyAt = Infinity;
    expect(await sick.builder("rollback-1").run(doing(rollBack))).toMatchObject({ code: 3 });
    expect(sick.live).toEqual([newRelease(sick)]);

    const fresh = createFakeWorld({ live: {} });
    expect(await fresh.builder("rollback-1").run(doing(rollBack))).toMatchObject({ code: 3 });
    expect(fresh.live).toEqual(["prod-old01"]);
  });

  it("stops a builder that drains, which ends with 1, and no later one goes on with the run", async () => {
    const fake = createFakeWorld({ live: { ttl: 3600 }, settings: retained });
    let rollback: Promise<unknown> | undefined;
    fake.when("after", "dns.change", () => {
      rollback = fake.builder("rollback-1").run(doing(rollBack));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(await rollback).toEqual({ code: 0 });
    expect(fake.live).toEqual(["prod-old01"]);
    expect(storedRun(fake).phase).toBe("rolled-back");
    expectSound(fake);
  });
});

describe("cleanup", () => {
  it("removes a failed build, and nothing else", async () => {
    const fake = createFakeWorld({ live: {}, settings: { GATE_SENTINELS: "none-such" } });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.missingTaxa.add("none-such");
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    const failed = newRelease(fake);
    const shown: string[][] = [];
    expect(await fake.builder("cleanup-1").run(doing(cleanUp, shown))).toEqual({ code: 0 });
    expect(shown).toEqual([[failed]]);
    expect(fake.namespaces).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("leaves what is kept for a rollback until its time is over", async () => {
    const fake = await rebuilt();
    const shown: string[][] = [];
    await fake.builder("cleanup-1").run(doing(cleanUp, shown));
    expect(fake.namespaces).toContain("prod-old01");
    await fake.clock.sleep(49 * 3_600_000);
    await fake.builder("cleanup-2").run(doing(cleanUp, shown));
    expect(shown).toEqual([[], ["prod-old01"]]);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("leaves the release that is being harvested alone, also when its builder was killed", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    const running = first.run();
    await fake.clock.sleep(20 * 60_000);
    const shown: string[][] = [];
    expect(await fake.builder("cleanup-1").run(doing(cleanUp, shown))).toEqual({ code: 0 });
    first.kill();
    expect(await running).toEqual({ code: "killed" });
    expect(await fake.builder("cleanup-2").run(doing(cleanUp, shown))).toEqual({ code: 0 });
    expect(shown).toEqual([[], []]);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.effects("releases.install")).toHaveLength(1);
    expectSound(fake);
  });

  it("leaves the run's own things alone while a builder is at work, and removes what is nobody's", async () => {
    const fake = createFakeWorld({ live: { labels: false } });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(20 * minute);
    fake.cluster.create("prod-bad01", namespaceLabels("prod", "prod-20261108-1200"));
    const shown: string[][] = [];
    expect(await fake.builder("cleanup-1").run(doing(cleanUp, shown))).toEqual({ code: 0 });
    expect(shown).toEqual([["prod-bad01"]]);
    expect(fake.namespaces).toEqual([newRelease(fake), "prod-old01"].sort());
    expect(await running).toEqual({ code: 0 });
    expectSound(fake);
  });

  it.each([
    ["swaps", "dns.change", cleanUp],
    ["swaps", "dns.change", updateLive],
    ["deletes the old release", "releases.uninstall", cleanUp],
    ["deletes the old release", "releases.uninstall", updateLive],
  ] as const)("is refused while a builder %s (at %s), as a direct update is", async (_, effect, verb) => {
    const fake = createFakeWorld({ live: {} });
    let beside: Promise<Outcome> | undefined;
    fake.when("before", effect, () => {
      beside = fake.builder("beside-1").run(doing(verb));
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(await beside).toMatchObject({ code: 3, error: { code: "RUN_IN_SWAP" } });
    expect(
      fake.history.filter(({ builder, name }) => builder === "beside-1" && !/^leases\./.test(name)),
    ).toEqual([]);
    expect(fake.store.lease?.record.requests).toEqual({});
    expectSound(fake);
  });

  it("at work holds the swap up until it has ended; one that was killed holds it up no longer than its claim", async () => {
    for (const end of ["ends", "is killed"]) {
      const fake = createFakeWorld({ live: {}, times: { deleteMs: 10 * minute } });
      const cleanup = fake.builder("cleanup-1");
      let cleaned: Promise<Outcome> | undefined;
      let endedAt = NaN;
      fake.when("after", "harvester.startList", () => {
        // 40 minutes of harvest; the deletion begins 2 minutes before its end.
        fake.clock.at(fake.clock.now() + 38 * minute, () => {
          fake.cluster.create("prod-bad01", namespaceLabels("prod", "prod-20261108-1200"));
          cleaned = cleanup.run(doing(cleanUp)).finally(() => (endedAt = fake.clock.now()));
        });
        if (end === "is killed") fake.clock.at(fake.clock.now() + 39 * minute, () => cleanup.kill());
      });
      expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
      expect(await cleaned).toMatchObject({ code: end === "ends" ? 0 : "killed" });
      expect(fake.effects("cluster.deleteNamespace")[0]?.args[0]).toBe("prod-bad01");
      const [swap] = fake.effects("dns.change");
      expect(swap!.at).toBeGreaterThanOrEqual(endedAt);
      // The claim lasts as long as the Lease, 90 s.
      if (end === "is killed") expect(swap!.at - endedAt).toBeLessThan(5 * minute);
      expectSound(fake);
    }
  });
});

describe("KEEP_FAILED", () => {
  it("of zero drops a failed build at once", async () => {
    const fake = createFakeWorld({ live: {}, settings: { KEEP_FAILED: "0s" } });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).siteStatus = 502;
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    expect(fake.namespaces).toEqual(["prod-old01"]);
    expect(storedRun(fake).phase).toBe("failed");
    expectSound(fake);
  });
});

describe("plan and status", () => {
  it("plan tells what run would do, and has no effect at all", async () => {
    const fake = createFakeWorld({ live: {} });
    const shown: string[] = [];
    const plan = async (world: World, signal: AbortSignal) =>
      planLines(await makePlan(world, signal)).join("\n");
    expect(await fake.builder("plan-1").run(doing(plan, shown))).toEqual({ code: 0 });
    expect(shown[0]).toContain("live      prod-old01");
    expect(shown[0]).toContain("prod.example.");
    expect(shown[0]).toContain("prod-old01  at the end");
    expect(shown[0]).toContain("prod-old01 was not installed by this builder");
    expect(shown[0]).not.toMatch(/^added/m);
    expect(fake.history).toEqual([]);
  });

  it("status names the live release and the direct update on its first line", async () => {
    const fake = await rebuilt();
    const shown: string[] = [];
    const status = async (world: World, signal: AbortSignal) =>
      statusLines(await readStatus(world, signal), world.clock.now()).join("\n");
    expect(await fake.builder("status-1").run(doing(status, shown))).toEqual({ code: 0 });
    const [first] = (shown[0] ?? "").split("\n");
    expect(first).toContain(newRelease(fake));
    expect(first).toContain(`helm upgrade -n ${newRelease(fake)}`);
  });
});
