/** A work folder, and chart sources with the usual settings. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "vitest";
import { fetchChart } from "../../../../src/adapters/chart/index.ts";
import { ConfigError } from "../../../../src/errors.ts";
import type { Redactor } from "../../../../src/redaction.ts";
import type { Chart } from "../../../../src/ports/sources.ts";
import { requireBinaries } from "../../../tools/binaries.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

interface Change {
  commit?: string;
  signal?: AbortSignal;
  chartPath?: string;
  deployTag?: string;
  environment?: string;
  sshKeyFile?: string;
  tokenFile?: string;
  gitBin?: string;
  totalMs?: number;
  helmBin?: string;
  redactor?: Redactor;
}

export interface ChartWorld {
  dir: string;
  fetch(source: string, change?: Change): Promise<Chart>;
  /** The problem of a fetch that must be a mistake of the configuration. */
  problemOf(source: string, change?: Change): Promise<string>;
  close(): Promise<void>;
}

export async function createChartWorld(): Promise<ChartWorld> {
  const { helm } = await requireBinaries();
  const dir = await mkdtemp(path.join(tmpdir(), "powo-chart-"));
  const workDir = path.join(dir, "work");
  const env = { PATH: process.env["PATH"] };
  const fetch: ChartWorld["fetch"] = (source, change = {}) => {
    const { chartPath = "powo", sshKeyFile, tokenFile, gitBin = "git", totalMs, redactor } = change;
    const { deployTag = "master", environment = "prod", signal = new AbortController().signal } = change;
    const chart = { source, path: chartPath, sshKeyFile, tokenFile };
    const tool = { bin: change.helmBin ?? helm, workDir, env, redactor };
    const options = { chart, deployTag, environment, gitBin, helm: tool };
    return fetchChart({ ...options, ...(totalMs && { totalMs }) }, change.commit, signal);
  };
  return {
    dir,
    fetch,
    async problemOf(source, change) {
      const failure = await fetch(source, change).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConfigError);
      const [problem] = (failure as ConfigError).problems;
      return `${problem?.where ?? ""}: ${problem?.what ?? ""}`;
    },
    close: () => removeFolder(dir),
  };
}
