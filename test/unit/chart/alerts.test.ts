/** The alerts ask for metrics that there are, and lead to a page that tells what to do. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { metricsText } from "../adapters/page/metrics-text.ts";
import { chartDir, renderChart, valuesWith } from "./render.ts";

const page = readFileSync(path.join(chartDir, "../docs/observability.md"), "utf8");

async function metricNames(): Promise<Set<string>> {
  const text = await metricsText();
  return new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- rendered YAML
async function rules(): Promise<any[]> {
  const metrics = { port: 9090, podMonitor: { enabled: true }, rules: { enabled: true } };
  const objects = await renderChart(await valuesWith({ metrics }));
  return objects.find(({ kind }) => kind === "PrometheusRule").spec.groups[0].rules;
}

test("every alert asks for metrics that the builder or kube-state-metrics has, of its own namespace", async () => {
  const known = await metricNames();
  const all = await rules();
  for (const { record } of all) if (record) known.add(record);
  for (const { alert, record, expr } of all) {
    const asked = [...expr.matchAll(/\b((?:powo_builder|kube)[_:]\w+)\{([^}]*)\}/g)];
    expect(asked.length, alert ?? record).toBeGreaterThan(0);
    for (const [, name, labels] of asked) {
      if (name.startsWith("powo_")) expect(known).toContain(name);
      expect(labels).toContain('namespace="builder-prod"');
    }
  }
});

test("every alert has its heading in the docs", async () => {
  for (const { alert, annotations } of (await rules()).filter(({ alert }) => alert)) {
    expect(annotations.runbook_url).toMatch(/^https:\/\/.*\/docs\/observability\.md#/);
    expect(annotations.runbook_url).toContain(`#${alert.toLowerCase()}`);
    expect(page).toContain(`### ${alert}\n`);
  }
});

test("every metric is explained in the docs, and no other", async () => {
  const told = new Set([...page.matchAll(/^\| `(powo_builder_\w+)`/gm)].map(([, name]) => name));
  expect(told).toEqual(await metricNames());
});
