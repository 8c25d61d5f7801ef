import { mkdir, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { shownUrl } from "../../domain/shown-url.ts";
import { duration, oneLine } from "../../domain/words.ts";
import { ConfigError, TransientError } from "../../errors.ts";
import type { Chart } from "../../ports/sources.ts";
import { commitPattern, fetchCommit, openRemote, resolveRef } from "./git.ts";
import { pullChart } from "./oci.ts";
import { mistake, parseChartSource, type ChartOptions, type GitSource } from "./source.ts";
import { copyTree, digestFiles, digestTree, listTree } from "./tree.ts";

const said = z.coerce.string().min(1).transform(oneLine);
const chartFile = z.object({ name: said, version: said });

/** What was fetched: the chart's folder, what pins it, and the source as it may be shown. */
type Fetched = Pick<Chart, "dir" | "commit"> & { shown: string };

/** How long a chart may take to arrive, however lively its server is: all of git's calls, or one pull. */
const usualTotalMs = 15 * 60_000;

/** Fetches the chart from wherever CHART_SOURCE says; see Sources.fetchChart. The chart before is removed each time. */
export async function fetchChart(
  options: ChartOptions,
  pinned: string | undefined,
  signal: AbortSignal,
): Promise<Chart> {
  const { totalMs = usualTotalMs } = options;
  const late = AbortSignal.timeout(totalMs);
  return fetchInTime(options, pinned, AbortSignal.any([signal, late])).catch((error: unknown) => {
    if (signal.aborted || !late.aborted) throw error;
    throw new TransientError("the chart source", `could not fetch the chart within ${duration(totalMs)}`);
  });
}

async function fetchInTime(
  options: ChartOptions,
  pinned: string | undefined,
  signal: AbortSignal,
): Promise<Chart> {
  const { chart, environment } = options;
  const { workDir } = options.helm;
  await mkdir(workDir, { recursive: true });
  const stale = (await readdir(workDir)).filter((name) => name.startsWith("chart-"));
  for (const name of stale) await rm(path.join(workDir, name), { recursive: true, force: true });
  const source = parseChartSource(chart.source);
  if (source.kind === "git") return readChart(await fetchGit(options, source, pinned, signal), environment);
  const isFolder = source.kind === "folder";
  const shown = isFolder ? await locateChart(source.dir, chart.path, source.dir) : source.reference;
  const copy = path.join(workDir, `chart-${path.basename(shown)}`);
  const dir = isFolder ? await copyTree(shown, copy, signal) : await pullChart(options, source, signal);
  const commit = await digestTree(dir, signal);
  if (pinned !== undefined && pinned !== commit) throw changed(shown, "was changed");
  return readChart({ dir, commit, shown }, environment);
}

async function fetchGit(
  options: ChartOptions,
  source: GitSource,
  pinned: string | undefined,
  signal: AbortSignal,
): Promise<Fetched> {
  const { chart, deployTag, helm } = options;
  const name = shownUrl(source.url);
  if (pinned !== undefined && !commitPattern.test(pinned)) throw changed(name, "has become a git repository");
  const remote = await openRemote(options, source, signal);
  const commit = await resolveRef(remote, pinned ?? deployTag);
  const clone = path.join(helm.workDir, `chart-${commit}`);
  await fetchCommit(remote, commit, `${clone}.partial`);
  await rename(`${clone}.partial`, clone);
  const shown = `${name} at ${deployTag} (${commit.slice(0, 8)})`;
  const dir = await locateChart(clone, chart.path, shown);
  await listTree(dir, signal);
  return { dir, commit, shown };
}

function changed(shown: string, what: string): ConfigError {
  const text = `${shown} ${what} since this run began; abort the run, then start again`;
  return new ConfigError([{ where: "CHART_SOURCE", what: text }], "CHART_CHANGED");
}

async function readChart({ dir, commit, shown }: Fetched, environment: string): Promise<Chart> {
  const text = await readFile(path.join(dir, "Chart.yaml"), "utf8").catch(() => undefined);
  if (text === undefined)
    throw mistake(`${shown} has no Chart.yaml; name the chart's folder in CHART_PATH`, "the chart");
  const { data, error } = chartFile.safeParse(parseYaml(text));
  if (error) throw mistake("Chart.yaml is not YAML with a name and a version; correct it", "the chart");
  const values = await findFile(path.join(dir, "values.yaml"));
  const environmentValues = await findFile(path.join(dir, `${environment}.yaml`));
  const valuesFiles = [values, environmentValues].filter((file) => file !== undefined);
  const valuesDigest = await digestFiles(valuesFiles.map((file) => [path.basename(file), file]));
  return { ...data, dir, commit, environmentValues, valuesDigest };
}

/** CHART_PATH inside a source. Throws ConfigError when it isn't there, or leads out of the source. */
async function locateChart(root: string, chartPath: string, shown: string): Promise<string> {
  const refuse = (what: string) => mistake(what, "CHART_PATH");
  const realRoot = await realpath(root).catch(() => undefined);
  if (realRoot === undefined)
    throw mistake(`there is no folder ${shown}; correct the path, or write a git URL`);
  const real = await realpath(path.resolve(realRoot, chartPath)).catch(() => undefined);
  if (real === undefined)
    throw refuse(`${shown} has no folder '${chartPath}'; name the folder of Chart.yaml`);
  if (real !== realRoot && !real.startsWith(realRoot + path.sep))
    throw refuse(`'${chartPath}' points outside ${shown}; name a folder inside`);
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
