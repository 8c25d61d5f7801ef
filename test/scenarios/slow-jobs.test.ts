/** A job that takes far longer than in earlier runs is named: once, by whoever notices it. */
import { expect, it } from "vitest";
import { findReport } from "../../src/operate/history.ts";
import { statusLines } from "../../src/operate/status-lines.ts";
import { readStatus } from "../../src/operate/status.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { hour, minute, storedRun } from "./seen.ts";

/** A world whose jobs have taken ten minutes each once, and where the second now takes an hour. */
async function slowWorld(): Promise<{ fake: FakeWorld; job: string }> {
  const fake = createFakeWorld({ live: {} });
  expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
  const job = fake.document.jobLists[0]!.jobConfigurations[1]!;
  fake.when("after", "harvester.startList", ({ args }) => {
    fake.cluster.require(String(args[0])).harvester.durations.set(job, hour);
  });
  return { fake, job };
}

const named = (fake: FakeWorld) => fake.lines.filter(({ message }) => message.includes("usually it takes"));

it("once it has run three times as long as usual, and not by the next builder again", async () => {
  const { fake, job } = await slowWorld();
  const first = fake.builder("builder-2");
  const ended = first.run();
  await fake.clock.sleep(35 * minute);
  expect(named(fake)).toEqual([]);
  await fake.clock.sleep(20 * minute);
  expect(named(fake).map(({ level }) => level)).toEqual(["warn"]);
  expect(named(fake)[0]?.message).toMatch(/has been running for (29|30|31)m, usually it takes 10m/);
  const { world } = fake.builder("status-1");
  const status = await readStatus(world, AbortSignal.timeout(60_000));
  expect(status.run?.harvest?.slow).toMatchObject([{ usualMs: 600_000, running: true }]);
  expect(statusLines(status, fake.clock.now()).join("\n")).toMatch(/usually 10m\): far longer than usual/);
  first.kill();
  await ended;
  expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
  expect(named(fake)).toHaveLength(1);
  const { lists } = await findReport(world, undefined, new AbortController().signal);
  expect(lists[0]?.slow).toMatchObject([{ seconds: 3600, usualSeconds: 600 }]);
  expect(storedRun(fake).harvest?.[0]?.slow).toEqual([{ identifier: job, usualSeconds: 600 }]);
});

it("is not one that took little longer, nor any in a first run", async () => {
  const fake = createFakeWorld({ live: {}, harvester: { jobMs: 2_000 } });
  expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
  fake.when("after", "harvester.startList", ({ args }) => {
    const { durations } = fake.cluster.require(String(args[0])).harvester;
    for (const job of fake.document.jobLists[0]!.jobConfigurations) durations.set(job, 20_000);
  });
  expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
  expect(named(fake)).toEqual([]);
});
