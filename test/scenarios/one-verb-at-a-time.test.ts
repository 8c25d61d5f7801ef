/** Verbs that meet a verb at work, under the lock or beside a builder. */
import { describe, expect, it } from "vitest";
import { namespaceLabels } from "../../src/domain/names.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { updateLive } from "../../src/operate/update-live.ts";
import { createFakeWorld } from "../fakes/world.ts";
import { doing, expectSound, minute, newRelease, pastRuns } from "./seen.ts";

describe("two of the same verb", () => {
  it("beside a builder: the second does nothing, and leaves the first its claim", async () => {
    const fake = createFakeWorld({ live: {}, times: { deleteMs: 10 * minute } });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(15 * minute);
    fake.cluster.create("prod-bad01", namespaceLabels("prod", "prod-20261108-1200"));
    const first = fake.builder("cleanup-1").run(doing(cleanUp));
    await fake.clock.sleep(3 * minute);
    expect(await fake.builder("cleanup-2").run(doing(cleanUp))).toMatchObject({
      code: 75,
      error: { code: "VERB_GOES_ON", message: expect.stringContaining("cleanup-1 is at work on cleanup") },
    });
    expect(fake.store.lease?.record.requests["claim-cleanup"]).toContain("cleanup-1");
    expect(await first).toEqual({ code: 0 });
    expect(fake.store.lease?.record.requests).toEqual({});
    expect(await fake.builder("cleanup-3").run(doing(cleanUp))).toEqual({ code: 0 });
    expect(await running).toEqual({ code: 0 });
    expectSound(fake);
  });
});

describe("a verb that holds the lock", () => {
  /** A failed build that takes long to delete, and a cleanup that is at it. */
  async function slowCleanup(deletionMs: number) {
    const fake = createFakeWorld({ live: {}, settings: { GATE_SENTINELS: "none-such" } });
    fake.when("after", "harvester.startList", ({ args }) => {
      fake.cluster.require(String(args[0])).harvester.missingTaxa.add("none-such");
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    const failed = newRelease(fake);
    fake.cluster.times.deleteMs = deletionMs;
    const cleanup = fake.builder("cleanup-1").run(doing(cleanUp));
    await fake.clock.sleep(10_000);
    expect(fake.store.lease?.record).toMatchObject({ holder: "cleanup-1", purpose: "cleanup" });
    return { fake, failed, cleanup };
  }

  it("is waited for by a run, which then does what it came for", async () => {
    const { fake, failed, cleanup } = await slowCleanup(5 * 60_000);
    const second = fake.builder("builder-2", { settings: { GATE_SENTINELS: "" } });
    expect(await second.run()).toEqual({ code: 0 });
    expect(await cleanup).toEqual({ code: 0 });
    expect(newRelease(fake)).not.toBe(failed);
    expect(pastRuns(fake)).toHaveLength(2);
    const said = fake.lines.filter(({ message }) => message.includes("to finish cleanup"));
    expect(said).toHaveLength(1);
    expectSound(fake);
  });

  it("is waited for no longer than its deletions may take: the Job tries again", async () => {
    const { fake, cleanup } = await slowCleanup(10 * 60_000);
    const second = fake.builder("builder-2", { settings: { DELETE_TIMEOUT: "2m" } });
    expect(await second.run()).toMatchObject({ code: 75 });
    expect(fake.store.lease?.record.holder).toBe("cleanup-1");
    expect(await cleanup).toEqual({ code: 0 });
    expect(pastRuns(fake)).toHaveLength(1);
  });

  it("is waited for by a direct update", async () => {
    const { fake, cleanup } = await slowCleanup(5 * 60_000);
    let endedAt = NaN;
    void cleanup.finally(() => (endedAt = fake.clock.now()));
    expect(await fake.builder("update-1").run(doing(updateLive))).toEqual({ code: 0 });
    expect(fake.effects("releases.upgrade")[0]!.at).toBeGreaterThanOrEqual(endedAt);
    expect(await cleanup).toEqual({ code: 0 });
  });

  it("is no builder that an abort would ask to stop", async () => {
    const { fake, cleanup } = await slowCleanup(5 * 60_000);
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(await cleanup).toEqual({ code: 0 });
    expect(fake.store.lease?.record).toMatchObject({ holder: undefined, requests: {} });
  });
});
