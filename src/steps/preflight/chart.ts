import type { Settings } from "../../config/settings.ts";
import type { RenderedObject } from "../../domain/release.ts";
import { ConfigError, type Problem } from "../../errors.ts";
import type { Ports } from "../../ports/index.ts";
import type { Chart } from "../../ports/sources.ts";
import type { Check } from "./check.ts";

export interface CheckedChart {
  chart: Chart;
  secretsSha256: string;
  objects: RenderedObject[];
}

/** A name that stands for the new release while the chart is only rendered. */
const renderSuffix = "00000";

/** Fetches the chart, renders it with the real values, and looks for every mapped service in it. */
export async function checkChart(
  { sources, releases }: Pick<Ports, "sources" | "releases">,
  settings: Settings,
  signal: AbortSignal,
): Promise<Check<CheckedChart>> {
  const problems: Problem[] = [];
  const [secrets, chart] = await Promise.all([
    unlessMistaken(sources.readSecrets(), problems),
    unlessMistaken(sources.fetchChart(undefined, signal), problems),
  ]);
  if (!secrets || !chart) return { result: undefined, problems, warnings: [], checked: 0 };
  const valuesFiles = [
    secrets.file,
    ...(chart.environmentValues === undefined ? [] : [chart.environmentValues]),
  ];
  const name = `${settings.environment}-${renderSuffix}`;
  const objects = await releases.render(
    { name, chartDir: chart.dir, valuesFiles, timeoutMs: settings.retryTimeoutMs },
    signal,
  );
  return {
    result: { chart, secretsSha256: secrets.sha256, objects },
    problems: settings.mappings.flatMap((_, index) => serviceProblems(settings, index, objects)),
    warnings: passwordWarnings(settings, secrets.values),
    checked: 2 + settings.mappings.length,
  };
}

/** The answer; bad input is added to the problems, so that one file's mistakes don't hide another's. */
async function unlessMistaken<T>(answer: Promise<T>, problems: Problem[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function serviceProblems(
  { mappings }: Settings,
  index: number,
  objects: readonly RenderedObject[],
): Problem[] {
  const service = mappings[index]?.service ?? "";
  const services = objects.filter(({ kind }) => kind === "Service");
  const found = services.find(({ name, labels }) => (labels["name"] ?? name) === service);
  const where = `dns[${index}].service "${service}"`;
  if (!found) {
    const known = services
      .map(({ name, labels }) => labels["name"] ?? name)
      .sort()
      .join(", ");
    return [{ where, what: `the rendered chart has no such Service; it has ${known || "none"}` }];
  }
  const { type } = (found.manifest["spec"] ?? {}) as { type?: string };
  if (type === "LoadBalancer") return [];
  return [{ where, what: `is a Service of type ${type ?? "ClusterIP"}; DNS needs one of type LoadBalancer` }];
}

/** The release's harvester takes the password of the secrets file; another one would be refused hours from now. */
function passwordWarnings({ harvester }: Settings, values: Record<string, unknown>): string[] {
  const passwords = values["password"];
  if (typeof passwords !== "object" || passwords === null) return [];
  const wanted = (passwords as Record<string, unknown>)["harvester"];
  if (wanted === undefined || JSON.stringify(wanted) === JSON.stringify(harvester.password)) return [];
  return [
    "API_PASSWORD differs from password.harvester in the secrets file; the harvester may refuse the import",
  ];
}
