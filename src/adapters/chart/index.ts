import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { shownUrl } from "../../domain/shown-url.ts";
import { ConfigError } from "../../errors.ts";
import type { Sources } from "../../ports/sources.ts";
import type { HelmOptions } from "../helm/command.ts";
import { onThisMachine } from "../process/run-program.ts";
import { openRemote, type GitOptions } from "./git-command.ts";
import { commitPattern, fetchCommit, resolveRef } from "./git.ts";
import { pullChart } from "./oci.ts";
import { locateChart, readChart, type Fetched } from "./read-chart.ts";
import { parseChartSource, type ChartSource } from "./source.ts";
import { copyTree, digestTree, listTree } from "./tree.ts";

export interface ChartSourceOptions extends GitOptions {
  /** CHART_SOURCE. */
  source: string;
  /** CHART_PATH: relative to the source; a registry's artifact is the chart itself. */
  chartPath: string;
  /** DEPLOY_TAG. */
  deployTag: string;
  /** ENVIRONMENT: `<environment>.yaml` beside values.yaml is picked up. */
  environment: string;
  /** Folder of this builder alone; fetched charts are its `chart-…` folders. */
  workDir: string;
  helm: HelmOptions;
}

/** Fetches the chart from wherever CHART_SOURCE says. The folder of the chart before is removed each time. */
export function createChartSource(options: ChartSourceOptions): Pick<Sources, "fetchChart"> {
  return {
    fetchChart: (pinned, signal) =>
      onThisMachine(async () => {
        const { workDir } = options;
        await mkdir(workDir, { recursive: true });
        const stale = (await readdir(workDir)).filter((name) => name.startsWith("chart-"));
        for (const name of stale) await rm(path.join(workDir, name), { recursive: true, force: true });
        const fetched = await fetchFrom(options, parseChartSource(options.source), pinned, signal);
        if (pinned !== undefined && pinned !== fetched.commit) throw changed(fetched.shown, "was changed");
        return readChart(fetched, options.environment);
      }),
  };
}

async function fetchFrom(
  options: ChartSourceOptions,
  source: ChartSource,
  pinned: string | undefined,
  signal: AbortSignal,
): Promise<Fetched> {
  if (source.kind === "git") return fetchGit(options, source, pinned, signal);
  if (source.kind === "folder") {
    const shown = await locateChart(source.dir, options.chartPath, source.dir);
    const dir = path.join(options.workDir, `chart-${path.basename(shown)}`);
    await copyTree(shown, dir, signal);
    return { dir, commit: await digestTree(dir, signal), shown };
  }
  const { reference } = source;
  const target = path.join(options.workDir, "chart-oci");
  await mkdir(target, { recursive: true });
  const { helm, deployTag } = options;
  const dir = await pullChart(helm, { reference, deployTag, dir: target }, signal);
  return { dir, commit: await digestTree(dir, signal), shown: reference };
}

async function fetchGit(
  options: ChartSourceOptions,
  source: Extract<ChartSource, { kind: "git" }>,
  pinned: string | undefined,
  signal: AbortSignal,
): Promise<Fetched> {
  const { workDir, deployTag, chartPath } = options;
  const name = shownUrl(source.url);
  if (pinned !== undefined && !commitPattern.test(pinned))
    throw changed(name, "was no git repository before");
  const remote = await openRemote(options, source, signal);
  const commit = await resolveRef(remote, pinned ?? deployTag);
  const clone = path.join(workDir, `chart-${commit}`);
  await fetchCommit(remote, commit, `${clone}.partial`);
  await rename(`${clone}.partial`, clone);
  const shown = `${name} at ${deployTag} (${commit.slice(0, 8)})`;
  const dir = await locateChart(clone, chartPath, shown);
  await listTree(dir, signal);
  return { dir, commit, shown };
}

function changed(shown: string, what: string): ConfigError {
  const text = `${shown} ${what} since this run began; abort the run, then start again`;
  return new ConfigError([{ where: "CHART_SOURCE", what: text }], "CHART_CHANGED");
}
