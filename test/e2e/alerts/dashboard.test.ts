/** Every query of the dashboard, judged by Prometheus' own promtool over what builders served while they rebuilt. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { removeFolder } from "../../tools/remove-folder.ts";
import { dashboardMaps, dashboardOf, queriesOf } from "../../unit/chart/dashboard.ts";
import { renderChart, requireObject, valuesWith } from "../../unit/chart/render.ts";
import { inputSeries } from "./promtool.ts";
import { recordRebuilds, scrapeSeconds, type Moments, type Recording } from "./recording.ts";

/** When somebody looks at a panel. */
const looked: Record<string, (keyof Moments)[]> = {
  "Since the last success": ["harvest", "quiet", "failed"],
  "Last runs by outcome": ["harvest", "quiet", "failed"],
  "Next rebuild by the clock": ["quiet"],
  Alerts: ["failed"],
  Run: ["harvest", "approval"],
  Step: ["harvest", "approval"],
  "Under way for": ["harvest", "approval"],
  "Expected end of the harvest": ["harvest"],
  "Waiting for approval": ["harvest", "approval"],
  "Jobs ended, of all": ["harvest", "approval"],
  "Jobs that did not end well": ["approval", "quiet"],
  "Jobs of the list": ["harvest", "approval"],
  "Records of the current job": ["harvest"],
  "Durations of the last run's steps": ["harvest", "quiet", "failed"],
  "Step under way": ["harvest", "approval"],
  "How steps ended": ["quiet", "failed"],
  "How long runs took": ["harvest", "quiet", "failed"],
  "Jobs that carried runs": ["failed"],
};

const variables = { $namespace: "builder-prod", $environment: "prod", $__range: "14d" };
const substituted = (expr: string) =>
  Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(name, value), expr);

const dashboard = dashboardOf((await dashboardMaps())[0]);
const queries = queriesOf(dashboard);
let dir: string;
let recording: Recording;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "powo-dashboard-"));
  const objects = await renderChart(await valuesWith({ metrics: { port: 9090, rules: { enabled: true } } }));
  await writeFile(
    path.join(dir, "rules.yaml"),
    stringify(requireObject(objects, "PrometheusRule", "builder").spec),
  );
  recording = await recordRebuilds();
});
afterAll(() => removeFolder(dir));

/** promtool's verdict on these queries and what they should give. */
async function judge(expected: { expr: string; at: keyof Moments; value: number }[]) {
  const { series, moments } = recording;
  const promql_expr_test = expected.map(({ expr, at, value }) => ({
    ...{ expr: substituted(expr), eval_time: `${moments[at]}s`, exp_samples: [{ labels: "{}", value }] },
  }));
  const input_series = inputSeries(series, moments.failed, scrapeSeconds);
  const tests = [{ interval: `${scrapeSeconds}s`, input_series, promql_expr_test }];
  const file = { rule_files: ["rules.yaml"], evaluation_interval: "5m", tests };
  await writeFile(path.join(dir, "tests.yaml"), stringify(file));
  return execa("promtool", ["test", "rules", "tests.yaml"], { cwd: dir, all: true, reject: false });
}

test("every panel has its moment", () => {
  expect([...new Set(queries.map(({ title }) => title))]).toEqual(Object.keys(looked));
});

test("every query finds something in the moment that it is for", async () => {
  for (const { expr } of queries) expect(substituted(expr)).not.toContain("$");
  const expected = queries.flatMap(({ title, expr }) =>
    looked[title]!.map((at) => ({ expr: `count(${expr}) > bool 0`, at, value: 1 })),
  );
  const { all, exitCode } = await judge(expected);
  expect(exitCode, all).toBe(0);
  const wrong = queries.map(({ expr }) => ({
    expr: `count(${expr.replaceAll(/\b(powo|kube)_|ALERTS/g, "no_such_$&")}) > bool 0`,
    at: "harvest" as const,
    value: 1,
  }));
  expect((await judge(wrong)).exitCode).not.toBe(0);
});

const query = (title: string, refId = "A") =>
  queries.find((one) => one.title === title && one.refId === refId)!.expr;

test("what they find is so: of the last builder, of all runs, of the job under way", async () => {
  const judged = async (...wanted: [expr: string, at: keyof Moments, value: number][]) => {
    const { all, exitCode } = await judge(wanted.map(([expr, at, value]) => ({ expr, at, value })));
    expect(exitCode, all).toBe(0);
  };
  await judged(
    [`sum(${query("Last runs by outcome")})`, "harvest", 1],
    // A builder is gone before anybody hears of its end: the next one tells.
    [`sum(${query("Last runs by outcome")})`, "failed", 2],
    [`count(${query("Step")})`, "harvest", 1],
    [`count(${query("Run")})`, "harvest", 1],
    [`sum(${query("Waiting for approval")})`, "harvest", 0],
    [`sum(${query("Waiting for approval")})`, "approval", 1],
    [`sum(${query("Jobs ended, of all")})`, "approval", 1],
    [`sum(${query("Jobs ended, of all")}) < bool 1`, "harvest", 1],
    [`sum(${query("Jobs that did not end well")})`, "approval", 1],
    // A run that two builders carried is one.
    [`count(${query("How long runs took")})`, "failed", 3],
    [`count(${query("Jobs that carried runs")})`, "failed", 3],
    [`sum(${query("Jobs that carried runs", "C")})`, "failed", 1],
    [`count(${query("Alerts")})`, "failed", 1],
  );
});
