/** What tests look at most often in a fake world. */
import { expect } from "vitest";
import type { RunState } from "../../src/domain/run.ts";
import { namespaceLabels } from "../../src/domain/names.ts";
import { exitCodes } from "../../src/errors.ts";
import type { World } from "../../src/pipeline/world.ts";
import type { Verb } from "../fakes/builder.ts";
import type { FakeWorld } from "../fakes/world.ts";
import type { HarvesterModel } from "../sandbox/harvester/model.ts";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Mappings of one name in each of two zones. */
export const twoZones = [
  { zone: "site", name: "prod.example.", service: "ingress" },
  { zone: "other", name: "colplanta.example.", service: "ingress-colplanta" },
];

/** run.json as it is stored. */
export function storedRun(fake: FakeWorld): RunState {
  return fake.store.run as unknown as RunState;
}

/** The release that the stored run makes. */
export function newRelease(fake: FakeWorld): string {
  return storedRun(fake).release;
}

/** The harvester of that release. */
export function harvesterOf(fake: FakeWorld): HarvesterModel {
  return fake.cluster.require(newRelease(fake)).harvester;
}

/** The jobs of the document's list, in order; the last one writes the index. */
export function listed(fake: FakeWorld): string[] {
  return fake.document.jobLists[0]!.jobConfigurations;
}

/** The jobs that were run on their own, in order. */
export function jobRuns(fake: FakeWorld): (string | undefined)[] {
  return harvesterOf(fake)
    .effects.filter(({ kind }) => kind === "job-run")
    .map(({ identifier }) => identifier);
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

/** A verb that ends well unless it throws; what it returns is added to `shown`. */
export const doing =
  <T>(act: (world: World, signal: AbortSignal) => Promise<T>, shown: T[] = []): Verb =>
  async (world, signal) => {
    shown.push(await act(world, signal));
    return exitCodes.done;
  };

/** The build of a run that failed long ago. */
export function addFailedBuild(fake: FakeWorld, name: string): void {
  fake.cluster.create(name, namespaceLabels("prod", `prod-20261108-1200-${name}`));
  fake.cluster.install(name, fake.clock.now() - 1_000_000);
}

/** The run failed before anything that visitors see was changed. */
export function expectUntouched(fake: FakeWorld, code: string): void {
  expect(storedRun(fake)).toMatchObject({ phase: "failed", failure: { code } });
  expect(fake.live).toEqual(["prod-old01"]);
  expect(fake.namespaces).toEqual([newRelease(fake), "prod-old01"].sort());
  expectSound(fake);
}
