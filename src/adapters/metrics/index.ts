/** Metrics for Prometheus, served while a run is under way. Fed with what is known anyway: no question to anybody. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type * as Prometheus from "prom-client";
import type { Counter, Gauge, Registry } from "prom-client";
import type { History } from "../../domain/history.ts";
import { finalPhases, openedAt, type RunState } from "../../domain/run.ts";
import type { Metrics } from "../../pipeline/world.ts";

export interface MetricsOptions {
  /** 0 takes any that is free. */
  port: number;
  environment: string;
  version: string;
}

export interface MetricsServer extends Metrics {
  port: number;
}

/** How long a scraper may take over its question. */
const requestMs = 10_000;

/** Serves GET /metrics on all addresses. Throws when the port can't be had. */
export async function openMetrics({ port, environment, version }: MetricsOptions): Promise<MetricsServer> {
  // Loaded here: most builders have no port. It is CommonJS: in the bundle nothing but the default is there.
  const { default: prometheus } = await import("prom-client");
  const registry = new prometheus.Registry();
  registry.setDefaultLabels({ environment });
  const metrics = metricsIn(registry, prometheus);
  metrics.info.set({ version }, 1);
  const server = await listen(registry, port);
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : port,
    stepEnded: (step, result) => metrics.stepResults.inc({ step, result }),
    past: (history) => tellPast(metrics, history),
    saved: (run) => tellRun(metrics, run),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Gauges = ReturnType<typeof metricsIn>;

function metricsIn(registry: Registry, { Counter, Gauge }: Pick<typeof Prometheus, "Counter" | "Gauge">) {
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge => {
    const made = new Gauge({ name: `powo_builder_${name}`, help, labelNames, registers });
    // Without labels it would begin with 0: a time in 1970, or a run that waits for nobody.
    if (labelNames.length === 0) made.remove();
    return made;
  };
  const stepResults: Counter = new Counter({
    name: "powo_builder_step_results_total",
    help: "Steps that this builder has brought to an end, by result: done, skipped, failed, again, interrupted.",
    labelNames: ["step", "result"],
    registers,
  });
  return {
    stepResults,
    info: gauge("info", "The builder's version.", ["version"]),
    runInfo: gauge("run_info", "The run under way and the release that it builds.", ["run_id", "release"]),
    runStarted: gauge("run_start_timestamp_seconds", "When the run began, or was last opened again."),
    step: gauge("step", "1 for the step under way, 0 for the others.", ["step"]),
    stepSeconds: gauge("step_duration_seconds", "How long a step of this run took.", ["step"]),
    waiting: gauge("waiting_approval", "1 while the run waits for a person's approval."),
    jobs: gauge("harvest_jobs", "Jobs of the list.", ["list"]),
    jobsEnded: gauge("harvest_jobs_ended", "Jobs of the list that have ended.", ["list"]),
    jobsBad: gauge("harvest_jobs_bad", "Jobs of the list that did not end well, once it is over.", ["list"]),
    records: gauge("harvest_job_records", "Records that the current job has read, as last seen.", ["list"]),
    expected: gauge("harvest_expected_end_timestamp_seconds", "When the list should be over.", ["list"]),
    lastSuccess: gauge("last_success_timestamp_seconds", "When a run last went live."),
    lastRuns: gauge("last_runs", "How the last runs ended, 20 at most, by outcome.", ["outcome"]),
  };
}

function tellPast({ lastRuns, lastSuccess }: Gauges, { runs }: History): void {
  for (const outcome of finalPhases)
    lastRuns.set({ outcome }, runs.filter(({ phase }) => phase === outcome).length);
  const good = runs.findLast(({ phase }) => phase === "succeeded");
  if (good) lastSuccess.set(seconds(good.finishedAt));
}

function tellRun(metrics: Gauges, run: RunState): void {
  metrics.runInfo.reset();
  metrics.runInfo.set({ run_id: run.runId, release: run.release }, 1);
  metrics.runStarted.set(seconds(openedAt(run)));
  metrics.waiting.set(run.phase === "waiting-approval" ? 1 : 0);
  metrics.stepSeconds.reset();
  for (const { name: step, status, startedAt, finishedAt } of run.steps) {
    metrics.step.set({ step }, status === "running" ? 1 : 0);
    if (status === "done" && startedAt !== undefined && finishedAt !== undefined)
      metrics.stepSeconds.set({ step }, seconds(finishedAt) - seconds(startedAt));
  }
  for (const gauge of [metrics.records, metrics.expected]) gauge.reset();
  for (const state of run.harvest ?? []) {
    const list = state.name;
    if (state.jobs !== undefined) metrics.jobs.set({ list }, state.jobs);
    metrics.jobsEnded.set({ list }, state.ended ?? 0);
    if (state.badCount !== undefined) metrics.jobsBad.set({ list }, state.badCount);
    if (state.records !== undefined) metrics.records.set({ list }, state.records);
    if (state.expectedAt !== undefined) metrics.expected.set({ list }, seconds(state.expectedAt));
  }
  const swap = run.steps.find(({ name }) => name === "swap-dns");
  if (swap?.status === "done" && swap.finishedAt !== undefined)
    metrics.lastSuccess.set(seconds(swap.finishedAt));
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}

async function listen(registry: Registry, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics")
      return void response.writeHead(404).end("only GET /metrics\n");
    registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.requestTimeout = requestMs;
  // A run that is over does not wait for its scrapers.
  server.unref();
  server.listen({ port, host: "0.0.0.0" });
  await once(server, "listening");
  server.on("error", () => undefined);
  return server;
}
