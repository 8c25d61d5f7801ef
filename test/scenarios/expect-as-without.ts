import { expect } from "vitest";
import type { CrashPoint } from "../fakes/instrument.ts";
import { mayLoseMessage, withoutLost, type CrashedRun } from "./crashes.ts";

/** The same world as without the crash, and the same things done that can't be done twice. */
export function expectAsWithout(
  crashed: CrashedRun,
  reference: CrashedRun,
  points: readonly CrashPoint[],
): void {
  expect(crashed.fake.invariants.violations).toEqual([]);
  expect(crashed.outcomes.at(-1)).toEqual(reference.outcomes.at(-1));
  const lost = points.filter((point, builder) => mayLoseMessage(point, crashed.effects[builder] ?? []));
  expect(withoutLost(crashed.final, reference.final, lost.length)).toEqual(reference.final);
}
