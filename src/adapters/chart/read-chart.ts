import { readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import type { Chart } from "../../ports/sources.ts";
import { mistake } from "./source.ts";
import { digestFiles } from "./tree.ts";

const chartFile = z.looseObject({ name: z.string().min(1), version: z.coerce.string().min(1) });

export interface Fetched {
  dir: string;
  commit: string;
  /** The source as it may be shown. */
  shown: string;
}

/** Looks at a fetched chart. Throws ConfigError when there is none. */
export async function readChart({ dir, commit, shown }: Fetched, environment: string): Promise<Chart> {
  const text = await readFile(path.join(dir, "Chart.yaml"), "utf8").catch(() => undefined);
  if (text === undefined)
    throw mistake(`${shown} has no Chart.yaml; name the chart's folder in CHART_PATH`, "the chart");
  const parsed = chartFile.safeParse(parseYaml(text));
  if (!parsed.success)
    throw mistake("Chart.yaml is not YAML with a name and a version; correct it", "the chart");
  const { name, version } = parsed.data;
  const values = await findFile(path.join(dir, "values.yaml"));
  const environmentValues = await findFile(path.join(dir, `${environment}.yaml`));
  const valuesFiles = [values, environmentValues].filter((file) => file !== undefined);
  const valuesDigest = await digestFiles(valuesFiles.map((file) => [path.basename(file), file]));
  return { dir, name, version, commit, environmentValues, valuesDigest };
}

/** CHART_PATH inside a source. Throws ConfigError when it isn't there, or leads out of the source. */
export async function locateChart(root: string, chartPath: string, shown: string): Promise<string> {
  const refuse = (what: string) => mistake(what, "CHART_PATH");
  const realRoot = await realpath(root).catch(() => undefined);
  if (realRoot === undefined)
    throw mistake(`there is no folder ${shown}; correct the path, or write a git URL`);
  const real = await realpath(path.resolve(realRoot, chartPath)).catch(() => undefined);
  if (real === undefined)
    throw refuse(`${shown} has no folder '${chartPath}'; name the folder of Chart.yaml`);
  if (real !== realRoot && !real.startsWith(realRoot + path.sep))
    throw refuse(`'${chartPath}' leads out of ${shown}; name a folder inside`);
  if (!(await stat(real)).isDirectory())
    throw refuse(`'${chartPath}' of ${shown} is not a folder; name the folder of Chart.yaml`);
  return real;
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { logLevel: "error" }) as unknown;
  } catch {
    return undefined;
  }
}

async function findFile(file: string): Promise<string | undefined> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.isFile() === true ? file : undefined;
}
