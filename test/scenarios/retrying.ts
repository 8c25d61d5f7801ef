/** Runs that failed and are opened again. */
import { expect } from "vitest";
import { retryRun } from "../../src/operate/retry-run.ts";
import type { Verb } from "../fakes/builder.ts";
import { createFakeWorld, type FakeWorld, type FakeWorldOptions } from "../fakes/world.ts";
import { listed, storedRun } from "./seen.ts";

export const retry: Verb = (world, signal) => retryRun(world, { by: "ada" }, signal);

export function accepting(accept = "photographs moved"): Verb {
  return (world, signal) => retryRun(world, { by: "ada", accept }, signal);
}

export const secondJob = (fake: FakeWorld): string => listed(fake)[1]!;

/** A run that finds half of the images, and is rejected for it. */
export async function rejected(options: FakeWorldOptions = {}): Promise<FakeWorld> {
  const fake = createFakeWorld({ live: {}, ...options });
  fake.when("after", "harvester.startList", ({ args }) => {
    fake.cluster.require(String(args[0])).harvester.taxonFactors?.set("has_images", 0.5);
  });
  expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
  return fake;
}

/** A strict run whose second job fails, also when it is run again. */
export async function withFailedJob(options: FakeWorldOptions = {}): Promise<FakeWorld> {
  const settings = { STRICT_ERROR_CHECKING: "true", HARVEST_JOB_RETRIES: "0", ...options.settings };
  const fake = createFakeWorld({ live: {}, ...options, settings });
  fake.when("before", "harvester.startList", ({ args }) => {
    const { outcomes } = fake.cluster.require(String(args[0])).harvester;
    outcomes.set(secondJob(fake), { exitCode: "FAILED" });
  });
  expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
  expect(storedRun(fake).failure?.code).toBe("HARVEST_JOBS_FAILED");
  return fake;
}
