import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "../../errors.ts";
import type { Chart, Sources } from "../../ports/sources.ts";
import type { HelmOptions } from "../helm/command.ts";
import { prepareGit, type GitOptions } from "./git-command.ts";
import { fetchCommit } from "./git-fetch.ts";
import { commitPattern, requireRepository, resolveRef, shownSource, type GitRemote } from "./git-refs.ts";
import { fetchOci } from "./oci-fetch.ts";
import { locateChart, readChart } from "./read-chart.ts";
import { parseChartSource, type ChartSource } from "./source.ts";
import { copyTree, digestTree } from "./tree.ts";

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
    async fetchChart(commit, signal) {
      await mkdir(options.workDir, { recursive: true });
      await removeStale(options.workDir);
      const source = parseChartSource(options.source);
      return fetchers[source.kind](options, source as never, commit, signal);
    },
  };
}

type Fetch<Kind extends ChartSource["kind"]> = (
  options: ChartSourceOptions,
  source: Extract<ChartSource, { kind: Kind }>,
  pinned: string | undefined,
  signal: AbortSignal,
) => Promise<Chart>;

const fetchers: { [Kind in ChartSource["kind"]]: Fetch<Kind> } = {
  async git(options, { url, credentials }, pinned, signal) {
    const { environment, chartPath, deployTag, workDir } = options;
    const remote: GitRemote = { ...(await prepareGit(options, url, credentials)), url, workDir };
    const commit = pinned ?? (await resolveCommit(remote, deployTag, signal));
    if (!commitPattern.test(commit)) throw changed(shownSource(url), "was no git repository before");
    if (pinned !== undefined) await requireRepository(remote, signal);
    const dir = path.join(workDir, `chart-${commit}`);
    await fetchCommit(remote, { commit, ref: deployTag }, `${dir}.partial`, signal);
    await rename(`${dir}.partial`, dir);
    const shown = `${shownSource(url)} at ${deployTag} (${commit.slice(0, 8)})`;
    return readChart(await locateChart(dir, chartPath, shown), { commit, environment, shown });
  },

  async folder({ environment, chartPath, workDir }, source, pinned) {
    const original = await locateChart(source.dir, chartPath, source.dir);
    const dir = path.join(workDir, `chart-${path.basename(original)}`);
    await copyTree(original, dir);
    const commit = await digestTree(dir);
    if (pinned !== undefined && pinned !== commit) throw changed(original, "was changed");
    return readChart(dir, { commit, environment, shown: original });
  },

  async oci(options, { reference }, pinned, signal) {
    const { environment, deployTag, workDir, helm } = options;
    const dir = path.join(workDir, "chart-oci");
    await mkdir(dir, { recursive: true });
    const { chartDir, digest } = await fetchOci(helm, { reference, deployTag }, dir, signal);
    if (pinned !== undefined && pinned !== digest) throw changed(reference, "was changed");
    return readChart(chartDir, { commit: digest, environment, shown: reference });
  },
};

async function resolveCommit(remote: GitRemote, deployTag: string, signal: AbortSignal): Promise<string> {
  if (!commitPattern.test(deployTag)) return resolveRef(remote, deployTag, signal);
  await requireRepository(remote, signal);
  return deployTag;
}

function changed(shown: string, what: string): ConfigError {
  return new ConfigError(
    [
      {
        where: "CHART_SOURCE",
        what: `${shown} ${what} since this run began; abort the run, then start again`,
      },
    ],
    "CHART_CHANGED",
  );
}

async function removeStale(workDir: string): Promise<void> {
  const names = (await readdir(workDir)).filter((name) => name.startsWith("chart-"));
  await Promise.all(names.map((name) => rm(path.join(workDir, name), { recursive: true, force: true })));
}
