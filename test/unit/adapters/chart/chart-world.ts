/** A work folder, and chart sources with the usual settings. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "vitest";
import { createChartSource, type ChartSourceOptions } from "../../../../src/adapters/chart/index.ts";
import { ConfigError } from "../../../../src/errors.ts";
import type { Chart } from "../../../../src/ports/sources.ts";
import { requireBinaries } from "../../../tools/binaries.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

export interface ChartWorld {
  dir: string;
  fetch(
    source: string,
    change?: Partial<ChartSourceOptions> & { commit?: string; signal?: AbortSignal },
  ): Promise<Chart>;
  /** The problem of a fetch that must be a mistake of the configuration. */
  problemOf(source: string, change?: Partial<ChartSourceOptions> & { commit?: string }): Promise<string>;
  close(): Promise<void>;
}

export async function createChartWorld(): Promise<ChartWorld> {
  const { helm } = await requireBinaries();
  const dir = await mkdtemp(path.join(tmpdir(), "powo-chart-"));
  const workDir = path.join(dir, "work");
  const env = { PATH: process.env["PATH"] };
  const fetch: ChartWorld["fetch"] = (source, { commit, signal, ...change } = {}) =>
    createChartSource({
      source,
      chartPath: "powo",
      deployTag: "master",
      environment: "prod",
      workDir,
      env,
      helm: { bin: helm, workDir, env },
      ...change,
    }).fetchChart(commit, signal ?? new AbortController().signal);
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
