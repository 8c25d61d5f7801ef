/**
 * A builder that falls asleep right after any of its effects (a stopped node, a swapped-out process) and wakes when its
 * Lease is long another's: the next thing it would do is an effect or a look, and nothing of it may reach the world.
 * `MATRIX=full` sleeps after every effect; one again: `MATRIX=full npx vitest run test/scenarios/asleep -t "effect 31,"`.
 */
import { describe, expect, it } from "vitest";
import type { FakeWorld } from "../fakes/world.ts";
import { runJob } from "./crashes.ts";
import { matrixSeed, sample, scenarios } from "./matrix.ts";
import { expectSound, minute, newRelease, pastRuns } from "./seen.ts";

const [scenario] = scenarios;
const reference = await runJob(scenario!, []);
const names = reference.effects[0] ?? [];
const effects = names.map((name, index) => ({
  ...{ name, index },
  nth: names.slice(0, index + 1).filter((other) => other === name).length,
}));
/** Before these the sleeper would act next, and nothing but the fence is in between. */
const mustPlay = /^(harvester|dns|cluster|releases)\./;
const crucial = effects.filter((_, index) => mustPlay.test(names[index + 1] ?? ""));
const played = [...new Set([...crucial, ...sample(effects, 10, "asleep")])].toSorted(
  (a, b) => a.index - b.index,
);

/** It wakes while the other one is at work, and when that has ended the run. The Lease of these runs lasts 6 minutes. */
const lengths = [11, 90];

/** Another builder comes while the first one sleeps, and takes over once the Lease has expired. */
async function sleepAfter(
  { name, nth }: { name: string; nth: number },
  forMs: number,
): Promise<{ fake: FakeWorld; codes: unknown[] }> {
  const fake = scenario!.make();
  fake.invariants.fenceIsWatched = true;
  const first = fake.builder("builder-1");
  let isAsleep = false;
  fake.when(
    "after",
    name,
    () => {
      isAsleep = true;
      first.clock.pauseUntil(fake.clock.now() + forMs);
    },
    nth,
  );
  const running = first.run();
  while (!isAsleep) await fake.clock.sleep(1_000);
  const second = await fake.builder("builder-2").run();
  return { fake, codes: [second.code, (await running).code] };
}

describe(`a builder that wakes when another has its Lease, by seed ${matrixSeed}`, () => {
  const cases = played.flatMap((effect) => lengths.map((minutes) => ({ ...effect, minutes })));
  const text = "having fallen asleep for $minutes minutes after effect $index, $name: does nothing any more";
  it.each(cases)(text, async ({ minutes, ...effect }) => {
    const { fake, codes } = await sleepAfter(effect, minutes * minute);
    expect(codes[0]).toBe(0);
    expect([0, 75]).toContain(codes[1]);
    expectSound(fake);
    expect(pastRuns(fake)[0]).toBe("succeeded");
    const { imports, starts, jobRuns } = fake.cluster.require(fake.live[0] ?? "").harvester;
    expect({ imports, starts, jobRuns }).toEqual({ imports: 1, starts: 1, jobRuns: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
  });
});
