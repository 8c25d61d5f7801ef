/**
 * Two and three builders at once on one world, in interleavings that a seed decides: when each starts, how long each call
 * takes, who goes first at the same moment, who is killed, stopped, or sleeps through its Lease. MATRIX=full plays 1,000;
 * one of them again: `MATRIX=full npx vitest run test/scenarios/races -t "seed 17:"`.
 */
import { describe, expect, it } from "vitest";
import { Random } from "../sandbox/kubernetes/random.ts";
import type { FakeBuilder, Outcome } from "../fakes/builder.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { isFull, matrixSeed } from "./matrix.ts";
import { expectSound, minute, newRelease, pastRuns, storedRun } from "./seen.ts";

const interleavings = isFull ? 1_000 : 60;

/** What happens to a builder on the way, by the seed. */
function disturb(fake: FakeWorld, builder: FakeBuilder, random: Random): string {
  const after = random.below(70) * minute + random.below(60_000);
  const at = fake.clock.now() + after;
  const kinds = ["nothing", "killed", "terminated", "asleep", "nothing"] as const;
  const kind = kinds[random.below(kinds.length)] ?? "nothing";
  if (kind === "killed") fake.clock.at(at, () => builder.kill());
  if (kind === "terminated") fake.clock.at(at, () => builder.terminate());
  if (kind === "asleep")
    fake.clock.at(at, () => builder.clock.pauseUntil(at + (1 + random.below(12)) * minute));
  return kind;
}

async function race(seed: number): Promise<{ fake: FakeWorld; outcomes: Outcome[]; story: string[] }> {
  const random = new Random(seed);
  const fake = createFakeWorld({ seed, live: {}, shuffle: true, latency: [0, 50 + random.below(900)] });
  fake.invariants.fenceIsWatched = true;
  const story: string[] = [];
  const running: Promise<Outcome>[] = [];
  const count = 2 + random.below(2);
  for (let number = 1; number <= count; number += 1) {
    const leaves = (["gone", "unknown", "running"] as const)[random.below(3)] ?? "gone";
    const builder = fake.builder(`builder-${number}`, { leaves });
    story.push(`${builder.identity} ${disturb(fake, builder, random)} ${leaves}`);
    running.push(builder.run());
    // Now and then all at once, else while the first one is at work.
    await fake.clock.sleep(random.below(3) === 0 ? random.below(3) : random.below(12 * minute));
  }
  const outcomes = await Promise.all(running);
  return { fake, outcomes, story };
}

describe("several builders at once", () => {
  const seeds = Array.from({ length: interleavings }, (_, index) => matrixSeed * 10_000 + index);

  it.each(seeds)("seed %d: are one run, and do nothing twice", async (seed) => {
    const { fake, outcomes, story } = await race(seed);
    for (let more = 0; storedRun(fake).phase !== "succeeded" && more < 4; more += 1)
      outcomes.push(await fake.builder(`last-${more}`).run());
    const context = `${story.join("; ")}: ${outcomes.map(({ code }) => code).join(", ")}`;
    expect(
      outcomes.filter(({ code }) => code !== 0 && code !== 75 && code !== "killed"),
      context,
    ).toEqual([]);
    expectSound(fake);
    expect(pastRuns(fake), context).toEqual(["succeeded"]);
    const release = newRelease(fake);
    expect(fake.live).toEqual([release]);
    expect(fake.namespaces).toEqual([release]);
    const { imports, starts, jobRuns } = fake.cluster.require(release).harvester;
    expect({ imports, starts, jobRuns }, context).toEqual({ imports: 1, starts: 1, jobRuns: 0 });
    expect(fake.zones.get("site")?.changes, context).toHaveLength(1);
    const events = fake.notifications.map(({ event }) => event);
    expect(new Set(events).size, context).toBe(events.length);
  });
});

describe("a builder that sleeps through its Lease in the middle of a helm call", () => {
  it.each(["releases.install", "releases.uninstall"])(
    "%s: leaves the run to the one that took over",
    async (name) => {
      const fake = createFakeWorld({ live: {}, times: { installMs: 5 * minute, uninstallMs: 5 * minute } });
      fake.invariants.fenceIsWatched = true;
      const first = fake.builder("builder-1");
      fake.when("before", name, () =>
        fake.clock.at(fake.clock.now() + 20_000, () =>
          first.clock.pauseUntil(fake.clock.now() + 30 * minute),
        ),
      );
      const running = first.run();
      while (fake.effects(name).length === 0) await fake.clock.sleep(minute);
      expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
      expect(await running).toMatchObject({ code: 75 });
      expect(fake.live).toEqual([newRelease(fake)]);
      expect(fake.namespaces).toEqual([newRelease(fake)]);
      expect(fake.said).toMatch(/another builder \(\S+\) has taken over this run/);
      expectSound(fake);
    },
  );
});
