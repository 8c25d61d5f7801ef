/** The dashboard is one that Grafana takes, beside those of other environments. What its queries find: test/e2e/alerts. */
import { expect, test } from "vitest";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { dashboardMaps, dashboardModel, dashboardOf, queriesOf, type Dashboard } from "./dashboard.ts";
import { chartDir, helmTemplate, renderChart, valuesWith } from "./render.ts";

const rendered = async () => dashboardOf((await dashboardMaps())[0]);

test("is there only where it is asked for, and needs metrics", async () => {
  const off = await renderChart(await valuesWith({ metrics: { port: 9090 } }));
  expect(off.filter(({ metadata }) => metadata.name.includes("dashboard"))).toEqual([]);
  expect(await dashboardMaps()).toHaveLength(1);
  const { stderr } = await helmTemplate(await valuesWith({ metrics: { dashboard: { enabled: true } } }));
  expect(stderr).toContain("metrics.port: missing; metrics.dashboard needs it");
});

test("is found by Grafana's sidecar: label, folder, namespace, and what the operator adds", async () => {
  const [usual] = await dashboardMaps();
  expect(usual.metadata).toMatchObject({
    name: "powo-builder-prod-dashboard",
    namespace: "builder-prod",
    labels: { grafana_dashboard: "1", "app.kubernetes.io/name": "powo-builder" },
  });
  expect(usual.metadata).not.toHaveProperty("annotations");
  const [given] = await dashboardMaps({
    ...{ namespace: "monitoring", folder: "Sites / POWO", labels: { team: "garden" } },
    annotations: { "k8s-sidecar-target-directory": "/tmp/dashboards/powo" },
  });
  expect(given.metadata).toMatchObject({
    namespace: "monitoring",
    labels: { grafana_dashboard: "1", team: "garden" },
    annotations: {
      grafana_folder: "Sites / POWO",
      "k8s-sidecar-target-directory": "/tmp/dashboards/powo",
    },
  });
});

test("stands beside those of other environments: own name, file, uid and title", async () => {
  const long = `a${"b".repeat(38)}`;
  const all = await Promise.all(
    ["prod", "uat", `${long}c`, `${long}d`].map(async (environment) => {
      const [map] = await dashboardMaps({}, { environment });
      const { uid, title } = dashboardOf(map);
      return [map.metadata.name, Object.keys(map.data as object)[0], uid, title];
    }),
  );
  for (const place of [0, 1, 2, 3]) expect(new Set(all.map((one) => one[place])).size).toBe(all.length);
});

test("begins with what it was installed for, and offers what else there is", async () => {
  const { templating } = await rendered();
  expect(templating.list.map(({ name, current }) => [name, current])).toEqual([
    ["datasource", {}],
    ["namespace", { text: "builder-prod", value: "builder-prod" }],
    ["environment", { text: "prod", value: "prod" }],
  ]);
});

test("can be imported by hand as well", async () => {
  const file = await readFile(path.join(chartDir, "dashboards/powo-builder.json"), "utf8");
  const { uid, templating } = dashboardModel.parse(JSON.parse(file));
  expect(uid).toBe("powo-builder");
  expect(JSON.stringify(templating)).not.toContain("prod");
});

/** Pairs of panels that lie on each other. */
function overlaps({ panels }: Pick<Dashboard, "panels">): string[] {
  return panels.flatMap(({ title, gridPos: a }, i) =>
    panels.slice(i + 1).flatMap(({ title: other, gridPos: b }) => {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      return apart ? [] : [`${title} and ${other}`];
    }),
  );
}

test("has panels with ids of their own that lie side by side on Grafana's 24 columns", async () => {
  const { panels } = await rendered();
  const unique = (values: unknown[]) => expect(new Set(values).size).toBe(values.length);
  unique(panels.map(({ id }) => id));
  unique(panels.map(({ title }) => title));
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  expect(overlaps({ panels })).toEqual([]);
  const moved = panels.map((panel) => ({ ...panel, gridPos: { ...panel.gridPos, x: 0 } }));
  expect(overlaps({ panels: moved })).not.toEqual([]);
  for (const { type, title, targets = [] } of panels) {
    unique(targets.map(({ refId }) => refId));
    expect(targets.length > 0, title).toBe(type !== "row");
  }
});

test("asks by its variables alone: no namespace, environment or pod stands in a query", async () => {
  const queries = queriesOf(await rendered());
  expect(queries.length).toBeGreaterThan(15);
  for (const { title, expr } of queries) {
    for (const [selector, name] of expr.matchAll(/\b(powo_builder[_:]\w+|kube_\w+)\{[^}]*\}/g)) {
      expect(selector, title).toContain('namespace="$namespace"');
      if (name!.startsWith("powo_builder_")) expect(selector, title).toContain('environment=~"$environment"');
    }
    expect(expr, title).not.toMatch(/\b(powo_builder[_:]\w+|kube_\w+)\b(?!\{)/);
    expect(expr, title).not.toMatch(/prod|uat|pod="/);
  }
});

test("would tell of an id, of another datasource, and of a field that no panel has", async () => {
  const good = await rendered();
  expect(dashboardModel.safeParse({ ...good, id: 7 }).success).toBe(false);
  const withTarget = (change: object) => ({
    ...good,
    panels: good.panels.map((panel) => ({ ...panel, ...change })),
  });
  expect(
    dashboardModel.safeParse(withTarget({ datasource: { type: "prometheus", uid: "P1809" } })).success,
  ).toBe(false);
  expect(dashboardModel.safeParse(withTarget({ fieldconfig: {} })).success).toBe(false);
});
