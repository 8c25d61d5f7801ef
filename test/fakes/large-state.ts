/** What a run of very many jobs keeps in the cluster, in bytes as a ConfigMap counts them. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "../../src/adapters/kubernetes/client.ts";
import { createStateStore } from "../../src/adapters/kubernetes/state-store.ts";
import { boundEvidence } from "../../src/actions/describe-release.ts";
import { addRecords, addTimings } from "../../src/domain/harvest-progress.ts";
import { addToHistory, emptyHistory } from "../../src/domain/history.ts";
import { jobNames } from "../../src/domain/job-names.ts";
import { addPastRun, pastRunOf } from "../../src/domain/past-run.ts";
import type { Attachments, JobResult } from "../../src/domain/attachments.ts";
import type { RunState } from "../../src/domain/run.ts";
import { packed } from "../../src/pipeline/state.ts";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { recordsOf } from "../sandbox/harvester/data-configuration.ts";
import { type KubeObject, startKubernetes } from "../sandbox/kubernetes/index.ts";
import { Random } from "../sandbox/kubernetes/random.ts";
import { removeFolder } from "../tools/remove-folder.ts";
import { createFakeWorld } from "./world.ts";

export interface StateSizes {
  /** Each key of the state's ConfigMap. */
  state: Record<string, number>;
  /** The ConfigMap of the pinned data configuration. */
  document: number;
}

/** As many as the history remembers, and as the durations do. */
const earlierRuns = 20;
const measuredRuns = 5;

/**
 * A run as large as it gets, after twenty like it: half way through a rescue, and when it has failed with every job and
 * every line that is kept.
 */
export async function stateSizes(jobs: number): Promise<Record<"inRescue" | "failed", StateSizes>> {
  const document = generateDataConfiguration({ jobs: jobs + 1, listed: jobs });
  const fake = createFakeWorld({ live: {}, document });
  // Preflight pins the data; what comes after it would take a fake harvester of this size too long.
  fake.when("before", "releases.install", () => builder.kill());
  const builder = fake.builder("builder-1");
  await builder.run();
  const random = new Random(1);
  const all = document.jobConfigurations;
  const results = all.map((job, index): JobResult => {
    const seconds = 10 + Math.round(recordsOf(job) / 100) + random.below(60);
    return [job.identifier, index, seconds, recordsOf(job), random.below(9) > 0 ? "COMPLETED" : "FAILED"];
  });
  const run = { ...(fake.store.run as unknown as RunState), ...failedWith(results) };
  let history = emptyHistory;
  let kept: Pick<Attachments, "timings" | "records" | "past"> = { timings: [], records: [], past: [] };
  for (let number = 0; number < earlierRuns; number += 1) {
    const earlier = { ...run, runId: `${run.runId}-${number}`, phase: "failed" as const };
    history = addToHistory(history, earlier);
    if (number < earlierRuns - measuredRuns) continue;
    const other = results.map(([job, execution, seconds, ...rest]): JobResult => {
      return [job, execution, seconds + random.below(60), ...rest];
    });
    kept = {
      timings: addTimings(new Map(kept.timings), other),
      records: addRecords(kept.records, other),
      past: addPastRun(kept.past, pastRunOf(earlier, other, jobNames(fake.store.document))),
    };
  }
  const evidence = Array.from({ length: 4 }, (_, number) => ({
    ...{ release: `prod-bad0${number}`, takenAt: run.startedAt },
    lines: boundEvidence(
      Array.from({ length: 8 }, () => Array.from({ length: 26 }, () => noise(random, 300))),
    ),
  }));
  const weigh = (now: RunState, ended: readonly JobResult[]) =>
    measure({ run: now, history, attachments: { jobs: [...ended], ...kept, evidence } }, fake.store.document);
  return {
    inRescue: await weigh({ ...run, ...inRescue(results.length) }, results.slice(0, results.length / 2)),
    failed: await weigh(run, results),
  };
}

function failedWith(results: readonly JobResult[]): Partial<RunState> {
  const bad = results.slice(0, 50).map(([identifier], position) => ({
    ...{ position, identifier, description: identifier, exitCode: "FAILED", reason: "x".repeat(300) },
  }));
  const counts = { jobs: results.length, ended: results.length, badCount: results.length };
  const details = Array.from({ length: 60 }, (_, line) => `${line} ${"y".repeat(290)}`);
  return {
    phase: "failed",
    finishedAt: "2026-11-24T12:00:00.000Z",
    harvest: [{ name: "1", ...counts, bad }],
    failure: { step: "await-harvest", code: "HARVEST_JOBS_FAILED", message: "x".repeat(300), details },
  };
}

function inRescue(jobs: number): Partial<RunState> {
  const remaining = Array.from({ length: jobs / 2 }, (_, position) => position + jobs / 2);
  const queue = { reason: "rescue" as const, remaining, current: { position: 5_000, attempt: 1 } };
  return { phase: "running", harvest: [{ name: "1", jobs, ended: jobs / 2, rescued: true, queue }] };
}

/** Text that can hardly be compressed. */
function noise(random: Random, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(33 + random.below(94))).join("");
}

/** Saves it all as the program does, and weighs what the API server was given. */
async function measure(
  state: { run: RunState; history: object; attachments: Attachments },
  document: Uint8Array | undefined,
): Promise<StateSizes> {
  const dir = await mkdtemp(path.join(tmpdir(), "large-state-"));
  const sandbox = await startKubernetes({ dir, seed: 1 });
  const connection = connect({ kubeconfig: sandbox.kubeconfig, namespace: "default" });
  try {
    const own = createStateStore(connection, { environment: "prod" });
    await own.save({ ...state, attachments: packed(state.attachments) }, undefined);
    await own.saveDocument(document ?? new Uint8Array(), 1);
    const sizesOf = (name: string) => sizes(sandbox.store.get("ConfigMap", "default", name));
    const documentSizes = Object.values(sizesOf("powo-builder-prod.data"));
    return {
      state: sizesOf("powo-builder-prod"),
      document: documentSizes.reduce((sum, size) => sum + size, 0),
    };
  } finally {
    connection.close();
    await sandbox.stop();
    await removeFolder(dir);
  }
}

function sizes(configMap: KubeObject | undefined): Record<string, number> {
  const { data = {}, binaryData = {} } = (configMap ?? {}) as Record<string, Record<string, string>>;
  const weigh = (texts: Record<string, string>, encoding: "utf8" | "base64") =>
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, encoding).byteLength] as const);
  return Object.fromEntries([...weigh(data, "utf8"), ...weigh(binaryData, "base64")]);
}
