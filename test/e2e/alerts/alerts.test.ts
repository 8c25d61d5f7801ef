/** The alerts, judged by Prometheus' own promtool over weeks of what kube-state-metrics and builders tell. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { removeFolder } from "../../tools/remove-folder.ts";
import { renderChart, valuesWith } from "../../unit/chart/render.ts";
import { failed, late, stories, suspended } from "./stories.ts";
import { inputSeries } from "./promtool.ts";
import { interval } from "./series.ts";

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(path.join(tmpdir(), "powo-alerts-"))));
afterAll(() => removeFolder(dir));

async function rulesFor(values: object) {
  const { lateAfter, ...others } = values as { lateAfter?: string };
  const rules = { enabled: true, ...(lateAfter && { lateAfter }) };
  const objects = await renderChart(await valuesWith({ metrics: { port: 9090, rules }, ...others }));
  return objects.find(({ kind }) => kind === "PrometheusRule").spec as {
    groups: { rules: { alert?: string }[] }[];
  };
}

test.each(stories)("$what", async ({ told, fires, values }) => {
  const spec = await rulesFor(values ?? {});
  await writeFile(path.join(dir, "rules.yaml"), stringify(spec));
  const alerts = spec.groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
  // What is asked of an alert is its name and that it fires; its words are looked at elsewhere.
  const promql_expr_test = fires.flatMap(([at, ...names]) =>
    alerts.map((alert) => ({
      expr: `count(ALERTS{alertname="${alert}", alertstate="firing"})`,
      eval_time: `${at}s`,
      exp_samples: names.includes(alert) ? [{ labels: "{}", value: 1 }] : [],
    })),
  );
  const end = fires.at(-1)![0];
  const input_series = inputSeries(told, end, interval);
  const tests = [{ interval: `${interval}s`, input_series, promql_expr_test }];
  const file = { rule_files: ["rules.yaml"], evaluation_interval: "30m", tests };
  await writeFile(path.join(dir, "tests.yaml"), stringify(file));
  await execa("promtool", ["test", "rules", "tests.yaml"], { cwd: dir });
});

test("promtool takes the group, with rules of the operator's own", async () => {
  const extra = [{ alert: "Mine", expr: "vector(1)" }];
  const metrics = { port: 9090, rules: { enabled: true, severity: "page", extra } };
  const objects = await renderChart(await valuesWith({ metrics }));
  const spec = objects.find(({ kind }) => kind === "PrometheusRule").spec;
  await writeFile(path.join(dir, "rules.yaml"), stringify(spec));
  await execa("promtool", ["check", "rules", "rules.yaml"], { cwd: dir });
  const severities = spec.groups[0].rules.map(
    ({ alert, labels }: { alert: string; labels?: { severity: string } }) => [alert, labels?.severity],
  );
  expect(Object.fromEntries(severities)).toEqual({
    [failed]: "page",
    [late]: "page",
    PowoHarvestStalled: "page",
    PowoWaitsForApproval: "info",
    [suspended]: "info",
    Mine: undefined,
  });
});
