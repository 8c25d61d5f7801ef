import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type MetricsServer, openMetrics } from "../../../../src/adapters/metrics/index.ts";
import type { RunState } from "../../../../src/domain/run.ts";

const open: MetricsServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((metrics) => metrics.close()));
});

async function metricsOf() {
  const metrics = await openMetrics({ port: 0, environment: "prod", version: "1.0.0" });
  open.push(metrics);
  const ask = (path = "/metrics", method = "GET") =>
    fetch(`http://127.0.0.1:${metrics.port}${path}`, { method });
  return { metrics, ask, text: async () => (await ask()).text() };
}

const run: RunState = {
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

describe("the metrics", () => {
  it("tell the step, the progress, the durations and the run as it was last written down", async () => {
    const { metrics, ask, text } = await metricsOf();
    metrics.saved(run);
    const answer = await ask();
    expect(answer.headers.get("content-type")).toContain("text/plain");
    expect((await answer.text()).split("\n")).toEqual(
      expect.arrayContaining([
        'powo_builder_info{version="1.0.0",environment="prod"} 1',
        'powo_builder_run_info{run_id="prod-20261122-1200",release="prod-k3m7q",environment="prod"} 1',
        'powo_builder_step{step="preflight",environment="prod"} 0',
        'powo_builder_step{step="await-harvest",environment="prod"} 1',
        'powo_builder_step_duration_seconds{step="preflight",environment="prod"} 4.5',
        'powo_builder_harvest_jobs{list="1",environment="prod"} 82',
        'powo_builder_harvest_jobs_ended{list="1",environment="prod"} 41',
        'powo_builder_harvest_job_records{list="1",environment="prod"} 12345',
        'powo_builder_waiting_approval{environment="prod"} 0',
      ]),
    );
    const list = { ...run.harvest![0]!, records: undefined };
    metrics.saved({ ...run, phase: "waiting-approval", harvest: [list] });
    expect(await text()).toContain('powo_builder_waiting_approval{environment="prod"} 1');
    expect(await text()).not.toContain("powo_builder_harvest_job_records{");
  });

  it("tell how the last runs ended and when one last went live", async () => {
    const { metrics, text } = await metricsOf();
    const past = (phase: "succeeded" | "failed", finishedAt: string) => ({
      ...{ runId: finishedAt, release: "prod-j8x91", phase, startedAt: finishedAt, finishedAt },
    });
    const runs = [past("succeeded", "2026-11-15T07:33:00.000Z"), past("failed", "2026-11-22T07:33:00.000Z")];
    metrics.past({ schemaVersion: 2, runs });
    expect(await text()).toContain('powo_builder_last_runs{outcome="succeeded",environment="prod"} 1');
    expect(await text()).toContain('powo_builder_last_runs{outcome="failed",environment="prod"} 1');
    const at = Date.parse("2026-11-15T07:33:00.000Z") / 1000;
    expect(await text()).toContain(`powo_builder_last_success_timestamp_seconds{environment="prod"} ${at}`);
  });

  it("tell no time and no waiting before there is one: 0 would be a success in 1970", async () => {
    const { metrics, text } = await metricsOf();
    metrics.past({ schemaVersion: 2, runs: [] });
    expect((await text()).match(/^powo_builder_(?!info)\w+(\{environment="prod"\})? .*$/gm)).toBeNull();
    metrics.saved(run);
    expect(await text()).not.toContain("powo_builder_last_success_timestamp_seconds{");
  });

  it("tell of a success as soon as the names point at the new site", async () => {
    const { metrics, text } = await metricsOf();
    const swapped = run.steps.map((step) =>
      step.name === "swap-dns"
        ? { ...step, status: "done" as const, finishedAt: "2026-11-24T07:00:00.000Z" }
        : step,
    );
    metrics.saved({ ...run, steps: swapped });
    const at = Date.parse("2026-11-24T07:00:00.000Z") / 1000;
    expect(await text()).toContain(`powo_builder_last_success_timestamp_seconds{environment="prod"} ${at}\n`);
  });

  it("count a run that was opened again from then on", async () => {
    const { metrics, text } = await metricsOf();
    metrics.saved({ ...run, reopened: [{ at: "2026-11-30T08:00:00.000Z", by: "retry-1" }] });
    const at = Date.parse("2026-11-30T08:00:00.000Z") / 1000;
    expect(await text()).toContain(`powo_builder_run_start_timestamp_seconds{environment="prod"} ${at}\n`);
  });

  it("count how steps ended", async () => {
    const { metrics, text } = await metricsOf();
    metrics.stepEnded("load-data", "again");
    metrics.stepEnded("load-data", "done");
    expect(await text()).toContain(
      'powo_builder_step_results_total{step="load-data",result="again",environment="prod"} 1',
    );
    expect(await text()).toContain(
      'powo_builder_step_results_total{step="load-data",result="done",environment="prod"} 1',
    );
  });

  it("are all there is at their port, and are gone once closed", async () => {
    const { metrics, ask } = await metricsOf();
    expect((await ask("/")).status).toBe(404);
    expect((await ask("/metrics", "POST")).status).toBe(404);
    await metrics.close();
    await expect(ask()).rejects.toThrow();
  });

  it("can't be had at a port that is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "0.0.0.0", () => resolve()));
    const { port } = taken.address() as { port: number };
    await expect(openMetrics({ port, environment: "prod", version: "1" })).rejects.toThrow(/EADDRINUSE/);
    taken.close();
  });
});
