/**
 * Two and three crashes in one run, the later ones while the run is being taken up again. Seeded: MATRIX_SEED says where,
 * and the name of each case says it too.
 */
import { describe, expect, it } from "vitest";
import { Random } from "../sandbox/kubernetes/random.ts";
import type { CrashPoint } from "../fakes/instrument.ts";
import { runJob } from "./crashes.ts";
import { expectAsWithout } from "./expect-as-without.ts";
import { isFull, matrixSeed, scenarios } from "./matrix.ts";

const casesPerScenario = isFull ? 150 : 5;
const ways: readonly CrashPoint["when"][] = ["before", "after", "during", "late"];

for (const scenario of scenarios) {
  const reference = await runJob(scenario, []);
  const most = reference.effects[0]?.length ?? 0;
  const random = new Random(matrixSeed + most);
  const point = (limit: number): CrashPoint => ({
    index: random.below(limit),
    when: ways[random.below(ways.length)] ?? "before",
  });
  const cases = Array.from({ length: casesPerScenario }, () => {
    // The second builder is often killed early, while it finds out where it is.
    const second = point(random.below(2) === 0 ? 12 : most);
    const points = [point(most), second, ...(random.below(3) === 0 ? [point(10)] : [])];
    return { points, text: points.map(({ index, when }) => `${when} ${index}`).join(", then ") };
  });
  describe(`${scenario.name}, by seed ${matrixSeed}`, () => {
    it.each(cases)(`${scenario.name}: killed $text`, async ({ points }) => {
      const crashed = await runJob(scenario, points);
      expect(crashed.outcomes.length).toBeLessThanOrEqual(points.length + reference.outcomes.length);
      expectAsWithout(crashed, reference, points);
    });
  });
}
