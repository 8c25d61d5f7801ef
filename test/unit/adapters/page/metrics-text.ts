/** What Prometheus is told of a run in mid-harvest, unless told otherwise. */
import { metricsOf } from "../../../../src/adapters/page/metrics.ts";
import { emptyHistory, type History } from "../../../../src/domain/history.ts";
import type { RunState } from "../../../../src/domain/run.ts";

export const run: RunState = {
  schemaVersion: 2,
  runId: "prod-20261122-1200",
  environment: "prod",
  release: "prod-k3m7q",
  phase: "running",
  startedAt: "2026-11-22T12:00:00.000Z",
  builders: [],
  steps: [
    {
      name: "preflight",
      status: "done",
      attempts: 1,
      startedAt: "2026-11-22T12:00:00.000Z",
      finishedAt: "2026-11-22T12:00:04.500Z",
    },
    { name: "await-harvest", status: "running", attempts: 1, startedAt: "2026-11-22T12:03:12.000Z" },
    { name: "swap-dns", status: "pending", attempts: 0 },
  ],
  harvest: [{ name: "1", jobs: 82, ended: 41, records: 12_345, expectedAt: "2026-11-23T07:43:00.000Z" }],
};

interface Told {
  state?: RunState;
  history?: History;
  stepEnds?: { step: string; result: string }[];
}

export const metricsText = async ({ state = run, history = emptyHistory, stepEnds = [] }: Told = {}) =>
  (await metricsOf({ state, history, stepEnds }, { environment: "prod", version: "1.0.0" })).text;
