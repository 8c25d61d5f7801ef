/** What a run of very many jobs keeps in the cluster, in bytes. */
import type { RunState } from "../../src/domain/run-state.ts";
import { addTimings, type Timings } from "../../src/domain/harvest-progress.ts";
import type { StepContext } from "../../src/pipeline/step.ts";
import { listMemory, pack } from "../../src/steps/harvest/list-memory.ts";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { recordsOf } from "../sandbox/harvester/data-configuration.ts";
import { createFakeWorld } from "./world.ts";

export interface StateSizes {
  /** run.json: header, steps, a queue of every job, the most bad jobs that are told. */
  run: number;
  /** How every job ended, compressed. */
  results: number;
  /** The pinned data configuration, compressed. */
  data: number;
  /** How long every job took in earlier runs, compressed. */
  timings: number;
}

/** A run as large as it gets: every job was run again one by one, and failed. */
export async function stateSizes(jobs: number, earlierRuns: number): Promise<StateSizes> {
  const document = generateDataConfiguration({ jobs: jobs + 1, listed: jobs });
  const fake = createFakeWorld({ live: {}, document });
  // Preflight pins the data; what comes after it would take a fake harvester of this size too long.
  fake.when("before", "releases.install", () => builder.kill());
  const builder = fake.builder("builder-1");
  await builder.run();
  const stored = fake.store.run ?? {};
  const all = document.jobConfigurations;
  const written: { run?: object; bytes?: Uint8Array } = {};
  const context = {
    attachment: () => undefined,
    attach: async (_: string, bytes: Uint8Array, patch?: object) =>
      void Object.assign(written, { bytes, run: patch }),
  };
  const state = stored as unknown as RunState;
  const memory = listMemory("1", state, context as unknown as StepContext<RunState>);
  const seconds = (index: number, run = 0) =>
    10 + Math.round(recordsOf(all[index]!) / 100) + ((index * run) % 7);
  let timings: Timings = {};
  for (let run = 1; run <= earlierRuns; run += 1)
    timings = addTimings(
      timings,
      new Map(all.map(({ identifier }, index) => [identifier, seconds(index, run)])),
    );
  for (const [index, job] of all.entries())
    memory.addResult(`${job.identifier}#${index}`, [seconds(index), recordsOf(job), "COMPLETED"]);
  const bad = all.slice(0, 50).map(({ identifier, description }, position) => ({
    ...{ position, identifier, description, exitCode: "FAILED", reason: "x".repeat(300) },
  }));
  const remaining = all.map((_, position) => position);
  await memory.save({ queue: { reason: "rescue", remaining }, bad, badCount: jobs });
  return {
    run: Buffer.byteLength(JSON.stringify({ ...stored, ...written.run })),
    results: written.bytes?.byteLength ?? NaN,
    data: Buffer.from(fake.store.state?.attachments.get("data") ?? "", "base64").byteLength,
    timings: pack(timings).byteLength,
  };
}
