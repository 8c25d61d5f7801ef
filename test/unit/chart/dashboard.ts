/**
 * The dashboard as Grafana would be given it. Grafana publishes types alone, no schema that could be asked, so what its
 * importer, its panels and a second installation need is written down here.
 */
import { z } from "zod";
import { renderChart, valuesWith, type Manifest } from "./render.ts";

const byVariable = z.strictObject({ type: z.literal("prometheus"), uid: z.literal("${datasource}") });

const target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource: byVariable,
  expr: z.string().min(1),
  legendFormat: z.string(),
  instant: z.boolean(),
  range: z.boolean(),
  format: z.literal("table").optional(),
});

const panel = z.strictObject({
  id: z.int().positive(),
  type: z.enum(["row", "stat", "bargauge", "gauge", "timeseries", "state-timeline", "table"]),
  title: z.string().min(1),
  description: z.string().optional(),
  datasource: byVariable.optional(),
  gridPos: z.strictObject({
    x: z.int().min(0),
    y: z.int().min(0),
    w: z.int().min(1).max(24),
    h: z.int().min(1),
  }),
  targets: z.array(target).optional(),
  fieldConfig: z
    .strictObject({ defaults: z.looseObject({}), overrides: z.array(z.looseObject({})) })
    .optional(),
  options: z.looseObject({}).optional(),
  transformations: z.array(z.strictObject({ id: z.string(), options: z.looseObject({}) })).optional(),
  collapsed: z.literal(false).optional(),
  panels: z.tuple([]).optional(),
});

const variable = z.looseObject({
  name: z.string(),
  type: z.enum(["datasource", "query"]),
  datasource: byVariable.optional(),
  current: z.looseObject({}),
});

export const dashboardModel = z.strictObject({
  // An id is the database's: an imported one would overwrite somebody else's dashboard.
  uid: z.string().regex(/^[a-z0-9-]{1,40}$/),
  title: z.string().min(1),
  description: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.int().min(36),
  version: z.int(),
  editable: z.boolean(),
  graphTooltip: z.int(),
  refresh: z.string(),
  timezone: z.string(),
  time: z.strictObject({ from: z.string().startsWith("now-"), to: z.literal("now") }),
  templating: z.strictObject({ list: z.array(variable) }),
  annotations: z.strictObject({ list: z.array(z.unknown()) }),
  links: z.array(z.unknown()),
  panels: z.array(panel),
});
export type Dashboard = z.infer<typeof dashboardModel>;

/** The ConfigMaps that hold dashboards; `dashboard` is put into the values beside `enabled`. */
export async function dashboardMaps(dashboard: object = {}, more: object = {}): Promise<Manifest[]> {
  const metrics = { port: 9090, dashboard: { enabled: true, ...dashboard } };
  const objects = await renderChart(await valuesWith({ metrics, ...more }));
  return objects.filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.endsWith("-dashboard"));
}

/** The dashboard of a ConfigMap; throws when Grafana could not use it. */
export function dashboardOf(map: Manifest): Dashboard {
  const texts = Object.values(map.data as Record<string, string>);
  if (texts.length !== 1) throw new Error("a ConfigMap with one dashboard");
  return dashboardModel.parse(JSON.parse(texts[0]!));
}

/** Every query of the panels, with the title of its panel. */
export const queriesOf = ({ panels }: Dashboard) =>
  panels.flatMap(({ title, targets = [] }) => targets.map(({ refId, expr }) => ({ title, refId, expr })));
