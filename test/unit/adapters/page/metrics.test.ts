import { describe, expect, it } from "vitest";
import { metricsText, run } from "./metrics-text.ts";

describe("the metrics", () => {
  it("tell the step, the progress, the durations and the run as it was last written down", async () => {
    expect((await metricsText()).split("\n")).toEqual(
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
    const later = await metricsText({ state: { ...run, phase: "waiting-approval", harvest: [list] } });
    expect(later).toContain('powo_builder_waiting_approval{environment="prod"} 1');
    expect(later).not.toContain("powo_builder_harvest_job_records{");
  });

  it("tell how the last runs ended and when one last went live", async () => {
    const past = (phase: "succeeded" | "failed", finishedAt: string) => ({
      ...{ runId: finishedAt, release: "prod-j8x91", phase, startedAt: finishedAt, finishedAt },
    });
    const runs = [past("succeeded", "2026-11-15T07:33:00.000Z"), past("failed", "2026-11-22T07:33:00.000Z")];
    const text = await metricsText({ history: { schemaVersion: 2, runs } });
    expect(text).toContain('powo_builder_last_runs{outcome="succeeded",environment="prod"} 1');
    expect(text).toContain('powo_builder_last_runs{outcome="failed",environment="prod"} 1');
    const at = Date.parse("2026-11-15T07:33:00.000Z") / 1000;
    expect(text).toContain(`powo_builder_last_success_timestamp_seconds{environment="prod"} ${at}`);
  });

  it("tell no time and no duration before there is one: 0 would be a success in 1970", async () => {
    const text = await metricsText({ state: { ...run, steps: [], harvest: undefined } });
    const told = [...text.matchAll(/^powo_builder_(\w+)/gm)].map(([, name]) => name);
    expect(new Set(told)).toEqual(
      new Set(["info", "run_info", "run_start_timestamp_seconds", "waiting_approval", "last_runs"]),
    );
  });

  it("tell of a success as soon as the names point at the new site", async () => {
    const swapped = run.steps.map((step) =>
      step.name === "swap-dns"
        ? { ...step, status: "done" as const, finishedAt: "2026-11-24T07:00:00.000Z" }
        : step,
    );
    const at = Date.parse("2026-11-24T07:00:00.000Z") / 1000;
    expect(await metricsText({ state: { ...run, steps: swapped } })).toContain(
      `powo_builder_last_success_timestamp_seconds{environment="prod"} ${at}\n`,
    );
  });

  it("count a run that was opened again from then on", async () => {
    const at = Date.parse("2026-11-30T08:00:00.000Z") / 1000;
    const state = { ...run, reopened: [{ at: "2026-11-30T08:00:00.000Z", by: "retry-1" }] };
    expect(await metricsText({ state })).toContain(
      `powo_builder_run_start_timestamp_seconds{environment="prod"} ${at}\n`,
    );
  });

  it("count how steps ended", async () => {
    const ends = [
      ["load-data", "again"],
      ["load-data", "again"],
      ["load-data", "done"],
    ].map(([step = "", result = ""]) => ({ step, result }));
    const text = await metricsText({ stepEnds: ends });
    const name = 'powo_builder_step_results_total{step="load-data"';
    expect(text).toContain(`${name},result="again",environment="prod"} 2`);
    expect(text).toContain(`${name},result="done",environment="prod"} 1`);
  });
});
