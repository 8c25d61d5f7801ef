/** Fetches the chart, renders it with the real values, looks for every mapped Service in it, and for pods that could own a node. */
import { servicesNamed } from "../../domain/own-services.ts";
import { beyondBaseline } from "../../domain/pod-security.ts";
import { isHook, type RenderedObject } from "../../domain/release.ts";
import { canHide, leavesOf } from "../../domain/secrets.ts";
import { ConfigError, type Problem } from "../../errors.ts";
import type { Task } from "../../pipeline/task.ts";
import type { ChartInstall } from "../../ports/releases.ts";
import type { Chart } from "../../ports/sources.ts";
import type { Check } from "./index.ts";

type CheckedChart = Check<{ chart: Chart; secretsSha256: string; objects: RenderedObject[] }>;
const renderSuffix = "00000";

/** What Helm is given for a release: secrets first, the environment's values win. */
export function chartInstall(
  name: string,
  { chart, secrets }: { chart: Chart; secrets: { file: string } },
  timeoutMs: number,
): ChartInstall {
  const { dir: chartDir, environmentValues } = chart;
  const valuesFiles = environmentValues === undefined ? [secrets.file] : [secrets.file, environmentValues];
  return { name, chartDir, valuesFiles, timeoutMs };
}

export async function checkChart({ ports, settings, signal }: Task): Promise<CheckedChart> {
  const { sources, releases } = ports;
  const problems: Problem[] = [];
  const [secrets, chart] = await Promise.all([
    unlessMistaken(sources.readSecrets(), problems),
    unlessMistaken(sources.fetchChart(undefined, signal), problems),
  ]);
  if (!secrets || !chart) return { result: undefined, problems, warnings: [], checked: 0 };
  const name = `${settings.environment}-${renderSuffix}`;
  const install = chartInstall(name, { chart, secrets }, settings.retryTimeoutMs);
  // By default `helm template` assumes a cluster of its own version, not the one that takes the install.
  const capabilities = await ports.cluster.capabilities();
  const all = await releases.render({ ...install, capabilities }, signal);
  // A release's record has no hooks: they come and go with an install.
  const objects = all.filter((object) => !isHook(object));
  return {
    result: { chart, secretsSha256: secrets.sha256, objects },
    problems: [
      ...settings.mappings.flatMap(({ service }, index) =>
        serviceProblems({ objects, name }, service, `dns[${index}].service "${service}"`),
      ),
      ...beyondBaseline(all).map(({ object, field }) => ({
        where: `the chart's ${object}`,
        what: `${field} violates Pod Security's baseline, which release namespaces enforce; remove it from the chart`,
      })),
    ],
    warnings: [...passwordWarnings(settings, secrets.values), ...shownWarnings(settings, secrets.values)],
    checked: 3 + settings.mappings.length,
  };
}

/** The answer; bad input is added to the problems, so that one file's mistakes don't hide another's. */
export async function unlessMistaken<T>(answer: Promise<T>, problems: Problem[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function serviceProblems(
  { objects, name: release }: { objects: readonly RenderedObject[]; name: string },
  service: string,
  where: string,
): Problem[] {
  const [found, ...others] = servicesNamed(service, objects, release);
  if (!found) {
    const services = objects.filter(({ kind }) => kind === "Service");
    const known = services.map(({ name, labels }) => labels["name"] ?? name).sort();
    return [{ where, what: `the rendered chart has no such Service; it has ${known.join(", ") || "none"}` }];
  }
  if (others.length > 0) {
    const names = [found, ...others].map(({ name }) => name).join(", ");
    return [{ where, what: `matches several Services of the chart: ${names}; leave that name to one` }];
  }
  const { type } = (found.manifest["spec"] ?? {}) as { type?: string };
  if (type === "LoadBalancer") return [];
  return [{ where, what: `is a Service of type ${type ?? "ClusterIP"}; DNS needs one of type LoadBalancer` }];
}

/** The release's harvester takes the password of the secrets file; another one would be refused hours from now. */
function passwordWarnings({ harvester }: Task["settings"], values: Record<string, unknown>): string[] {
  const passwords = values["password"] as Record<string, unknown> | null | undefined;
  const wanted = typeof passwords === "object" ? passwords?.["harvester"] : undefined;
  const known = typeof wanted === "string" || typeof wanted === "number";
  if (!known || String(wanted) === harvester.password) return [];
  const what = "API_PASSWORD differs from password.harvester in the secrets file";
  return [`${what}; the harvester may refuse the import`];
}

/** What can't be hidden is named by its key, never by its value. */
function shownWarnings({ environment }: Task["settings"], values: unknown): string[] {
  const shown = [...leavesOf(values)].filter(
    ([, value]) => value !== "" && !canHide(String(value), environment),
  );
  if (shown.length === 0) return [];
  const what = "too short or too common to be hidden in logs; choose another value";
  return [`secrets file: ${shown.map(([path]) => path).join(", ")}: ${what}`];
}
