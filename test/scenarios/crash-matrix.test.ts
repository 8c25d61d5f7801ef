/**
 * Every outside effect of a run is a crash point, found by watching a run without a crash. `MATRIX=full` plays all of
 * them; one case: `MATRIX=full npx vitest run test/scenarios/crash-matrix -t "the first day: killed before effect 17,"`.
 */
import { describe, expect, it } from "vitest";
import type { CrashPoint } from "../fakes/instrument.ts";
import { runJob, type Scenario } from "./crashes.ts";
import { expectAsWithout } from "./expect-as-without.ts";
import { isFull, matrixSeed, sample, scenarios } from "./matrix.ts";

/** How many of a scenario's cases the normal suite plays. */
const sampled = 24;

/** A call that is still on its way when its builder is dead matters where nothing else keeps it from being repeated. */
const unconditional = /^(harvester|dns|cluster|notifier)\./;
/** Operations that take their time can be cut in the middle. */
const lasting = /^releases\.(install|uninstall)$/;

function crashPoints(effects: readonly string[]): (CrashPoint & { name: string })[] {
  return effects.flatMap((name, index) => [
    { name, index, when: "before" as const },
    { name, index, when: "after" as const },
    ...(unconditional.test(name) ? [{ name, index, when: "late" as const }] : []),
    ...(lasting.test(name) ? [{ name, index, when: "during" as const }] : []),
  ]);
}

describe.each(scenarios)("$name", (scenario: Scenario) => {
  it("is found to have effects", async () => {
    const { effects, fake } = await runJob(scenario, []);
    expect(effects[0]?.length).toBeGreaterThan(20);
    fake.invariants.atEnd();
    expect(fake.invariants.violations).toEqual([]);
  });
});

for (const scenario of scenarios) {
  const reference = await runJob(scenario, []);
  const points = sample(crashPoints(reference.effects[0] ?? []), sampled, scenario.name);
  describe(`${scenario.name}${isFull ? "" : `, a sample by seed ${matrixSeed}`}`, () => {
    it.each(points)(`${scenario.name}: killed $when effect $index, $name`, async (point) => {
      expectAsWithout(await runJob(scenario, [point]), reference, [point]);
    });
  });
}
