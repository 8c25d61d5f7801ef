import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { shownUrl } from "../../domain/shown-url.ts";
import { ConfigError } from "../../errors.ts";
import type { Sources } from "../../ports/sources.ts";
import { openRemote } from "./git-command.ts";
import { commitPattern, fetchCommit, resolveRef } from "./git.ts";
import { pullChart } from "./oci.ts";
import { locateChart, readChart, type Fetched } from "./read-chart.ts";
import { parseChartSource, type ChartOptions, type GitSource } from "./source.ts";
import { copyTree, digestTree, listTree } from "./tree.ts";

/** Fetches the chart from wherever CHART_SOURCE says. The folder of the chart before is removed each time. */
export function createChartSource(options: ChartOptions): Pick<Sources, "fetchChart"> {
  const { chart, environment } = options;
  const { workDir } = options.helm;
  return {
    async fetchChart(pinned, signal) {
      await mkdir(workDir, { recursive: true });
      const stale = (await readdir(workDir)).filter((name) => name.startsWith("chart-"));
      for (const name of stale) await rm(path.join(workDir, name), { recursive: true, force: true });
      const source = parseChartSource(chart.source);
      if (source.kind === "git")
        return readChart(await fetchGit(options, source, pinned, signal), environment);
      const { dir, shown } =
        source.kind === "folder"
          ? await copyFolder(options, source.dir, signal)
          : { dir: await pullChart(options, source.reference, signal), shown: source.reference };
      const commit = await digestTree(dir, signal);
      if (pinned !== undefined && pinned !== commit) throw changed(shown, "was changed");
      return readChart({ dir, commit, shown }, environment);
    },
  };
}

async function copyFolder({ chart, helm: { workDir } }: ChartOptions, source: string, signal: AbortSignal) {
  const shown = await locateChart(source, chart.path, source);
  const dir = path.join(workDir, `chart-${path.basename(shown)}`);
  await copyTree(shown, dir, signal);
  return { dir, shown };
}

async function fetchGit(
  options: ChartOptions,
  source: GitSource,
  pinned: string | undefined,
  signal: AbortSignal,
): Promise<Fetched> {
  const { chart, deployTag, helm } = options;
  const name = shownUrl(source.url);
  if (pinned !== undefined && !commitPattern.test(pinned))
    throw changed(name, "was no git repository before");
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
