/** What tests look at most often in a fake world. */
import { expect } from "vitest";
import type { RunState } from "../../src/domain/run.ts";
import { namespaceLabels } from "../../src/domain/names.ts";
import { exitCodes } from "../../src/errors.ts";
import type { World } from "../../src/pipeline/world.ts";
import type { FakeWorld } from "../fakes/world.ts";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** run.json as it is stored. */
export function storedRun(fake: FakeWorld): RunState {
  return fake.store.run as unknown as RunState;
}

/** The release that the stored run makes. */
export function newRelease(fake: FakeWorld): string {
  return storedRun(fake).release;
}

/** Phases of the runs in the history, oldest first, with the code of what ended them. */
export function pastRuns(fake: FakeWorld): string[] {
  const history = JSON.parse(fake.store.state?.history ?? '{"runs":[]}') as {
    runs: { phase: string; failure?: { code: string } }[];
  };
  return history.runs.map(({ phase, failure }) => `${phase} ${failure?.code ?? ""}`.trim());
}

/** No invariant was broken at any effect, and the names are not divided. */
export function expectSound(fake: FakeWorld): void {
  fake.invariants.atEnd();
  expect(fake.invariants.violations).toEqual([]);
}

/** How far apart two moments of a run are, in milliseconds. */
export function between(from: string | undefined, to: string | undefined): number {
  return Date.parse(to ?? "") - Date.parse(from ?? "");
}

/** From the install on (preflight asks for the right), Cloud DNS takes no change of a zone. */
export function denyWrites(fake: FakeWorld, zone: string): void {
  fake.when("before", "releases.install", () => (fake.zones.get(zone)!.denied = "writes"));
}

/** A verb that returns what it says, as one that ends well. */
export const doing =
  (act: (world: World, signal: AbortSignal) => Promise<unknown>) =>
  async (world: World, signal: AbortSignal) => {
    await act(world, signal);
    return exitCodes.done;
  };

/** The build of a run that failed long ago. */
export function addFailedBuild(fake: FakeWorld, name: string): void {
  fake.cluster.create(name, namespaceLabels("prod", `prod-20261108-1200-${name}`));
  fake.cluster.install(name, fake.clock.now() - 1_000_000);
}
