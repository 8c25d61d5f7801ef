/** The metrics for Prometheus, made when they are asked for, of what is known anyway. */
import prometheus from "prom-client";
import { finalPhases, openedAt, type RunState, type StepRecord } from "../../domain/run.ts";
import type { Run } from "../../pipeline/run.ts";
import type { Content } from "./server.ts";

/** Without a value it is left out. */
type Sample = readonly [labels: Record<string, string>, value: number | undefined];
type List = NonNullable<RunState["harvest"]>[number];

/** What Prometheus is told of a run. */
export async function metricsOf(
  { state: run, history, stepEnds }: Pick<Run, "state" | "history" | "stepEnds">,
  { environment, version }: { environment: string; version: string },
): Promise<Content> {
  const registry = new prometheus.Registry();
  registry.setDefaultLabels({ environment });
  const registers = [registry];
  const gauge = (name: string, help: string, ...samples: Sample[]) => {
    const labelNames = Object.keys(samples[0]?.[0] ?? {});
    const made = new prometheus.Gauge({ name: `powo_builder_${name}`, help, labelNames, registers });
    // Without labels it would begin with 0: a time in 1970, or a run that waits for nobody.
    if (labelNames.length === 0) made.remove();
    for (const [labels, value] of samples) if (value !== undefined) made.set(labels, value);
  };
  const steps = (name: string, help: string, valueOf: (step: StepRecord) => number | undefined) =>
    gauge(name, help, ...run.steps.map((step): Sample => [{ step: step.name }, valueOf(step)]));
  const lists = (name: string, help: string, valueOf: (list: List) => number | undefined) =>
    gauge(name, help, ...(run.harvest ?? []).map((list): Sample => [{ list: list.name }, valueOf(list)]));
  const { runId: run_id, release } = run;
  const swap = run.steps.find(({ name, status }) => name === "swap-dns" && status === "done");
  const good = history.runs.findLast(({ phase }) => phase === "succeeded");
  const ended = (outcome: string) => history.runs.filter(({ phase }) => phase === outcome).length;

  gauge("info", "The builder's version.", [{ version }, 1]);
  gauge("run_info", "The run under way and the release that it builds.", [{ run_id, release }, 1]);
  const opened = seconds(openedAt(run));
  gauge("run_start_timestamp_seconds", "When the run began, or was last opened again.", [{}, opened]);
  steps("step", "1 for the step under way, 0 for the others.", ({ status }) => Number(status === "running"));
  steps("step_duration_seconds", "How long a step of this run took.", durationOf);
  const isWaiting = Number(run.phase === "waiting-approval");
  gauge("waiting_approval", "1 while the run waits for a person's approval.", [{}, isWaiting]);
  lists("harvest_jobs", "Jobs of the list.", ({ jobs }) => jobs);
  lists("harvest_jobs_ended", "Jobs of the list that have ended.", (list) => list.ended ?? 0);
  const bad = "Jobs of the list that did not end well, once it is over.";
  lists("harvest_jobs_bad", bad, ({ badCount }) => badCount);
  const records = "Records that the current job has read, as last seen.";
  lists("harvest_job_records", records, (list) => list.records);
  const expected = "harvest_expected_end_timestamp_seconds";
  lists(expected, "When the list should be over.", ({ expectedAt }) => seconds(expectedAt));
  const live = seconds(swap?.finishedAt ?? good?.finishedAt);
  gauge("last_success_timestamp_seconds", "When a run last went live.", [{}, live]);
  const outcomes = finalPhases.map((outcome): Sample => [{ outcome }, ended(outcome)]);
  gauge("last_runs", "How the last runs ended, 20 at most, by outcome.", ...outcomes);
  const stepResults = new prometheus.Counter({
    name: "powo_builder_step_results_total",
    help: "Steps that this builder has brought to an end, by result: done, skipped, failed, again, interrupted.",
    ...{ labelNames: ["step", "result"], registers },
  });
  for (const end of stepEnds) stepResults.inc(end);
  return { type: registry.contentType, text: await registry.metrics() };
}

function durationOf({ status, startedAt, finishedAt }: StepRecord): number | undefined {
  const [from, to] = [seconds(startedAt), seconds(finishedAt)];
  return status === "done" && from !== undefined && to !== undefined ? to - from : undefined;
}

function seconds(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time) / 1000;
}
