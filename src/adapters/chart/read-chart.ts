import { readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { Chart } from "../../ports/sources.ts";
import { digestFiles, listTree } from "./tree.ts";

const chartFile = z.looseObject({ name: z.string().min(1), version: z.coerce.string().min(1) });

/** Looks at a fetched chart. Throws ConfigError when there is none, or when it can't be trusted. */
export async function readChart(
  dir: string,
  { commit, environment, shown }: { commit: string; environment: string; shown: string },
): Promise<Chart> {
  const { name, version } = await readChartFile(dir, shown);
  await listTree(dir);
  const beside = (file: string) => path.join(dir, file);
  const environmentValues = (await isFile(beside(`${environment}.yaml`)))
    ? beside(`${environment}.yaml`)
    : undefined;
  const values = (await isFile(beside("values.yaml"))) ? [beside("values.yaml")] : [];
  const valuesDigest = await digestFiles(
    environmentValues === undefined ? values : [...values, environmentValues],
  );
  return { dir, name, version, commit, environmentValues, valuesDigest };
}

/** CHART_PATH inside a source. Throws ConfigError when it isn't there, or leads out of the source. */
export async function locateChart(root: string, chartPath: string, shown: string): Promise<string> {
  const refuse = (what: string) => new ConfigError([{ where: "CHART_PATH", what }]);
  const realRoot = await realpath(root).catch(() => undefined);
  if (realRoot === undefined) {
    throw new ConfigError([
      { where: "CHART_SOURCE", what: `there is no folder ${shown}; correct the path, or write a git URL` },
    ]);
  }
  const dir = path.resolve(realRoot, chartPath);
  const real = await realpath(dir).catch(() => undefined);
  if (real === undefined)
    throw refuse(`${shown} has no folder '${chartPath}'; name the folder of Chart.yaml`);
  if (real !== realRoot && !real.startsWith(realRoot + path.sep)) {
    throw refuse(`'${chartPath}' leads out of ${shown}; name a folder inside`);
  }
  if (!(await stat(real)).isDirectory())
    throw refuse(`'${chartPath}' of ${shown} is not a folder; name the folder of Chart.yaml`);
  return real;
}

async function readChartFile(dir: string, shown: string): Promise<z.infer<typeof chartFile>> {
  const where = "the chart";
  const text = await readFile(path.join(dir, "Chart.yaml"), "utf8").catch(() => undefined);
  if (text === undefined)
    throw new ConfigError([
      { where, what: `${shown} has no Chart.yaml; name the chart's folder in CHART_PATH` },
    ]);
  const parsed = chartFile.safeParse(parseYaml(text));
  if (!parsed.success)
    throw new ConfigError([{ where, what: "Chart.yaml is not YAML with a name and a version; correct it" }]);
  return parsed.data;
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { logLevel: "error" }) as unknown;
  } catch {
    return undefined;
  }
}

async function isFile(file: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.isFile() ?? false;
}
