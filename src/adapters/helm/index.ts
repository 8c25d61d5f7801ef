import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { parseJson } from "../../domain/json.ts";
import type { ReleaseView } from "../../domain/release.ts";
import { PermanentError, TransientError } from "../../errors.ts";
import type { ChartInstall, Releases } from "../../ports/releases.ts";
import type { ProgramResult } from "../process/run-program.ts";
import {
  applyArguments,
  listArguments,
  rollbackArguments,
  templateArguments,
  uninstallArguments,
} from "./arguments.ts";
import { runHelm, type HelmOptions } from "./command.ts";
import { parseManifests, readRendered } from "./manifests.ts";

/** A release record holds at most 1 MiB, compressed; no chart that can be installed renders to more than 64. */
const readLimits = { timeoutMs: 60_000, maxStdoutBytes: 64 * 1024 * 1024 };
const listSchema = z.array(z.object({ name: z.string(), status: z.string(), revision: z.coerce.number() }));

/** Helm as a program: each method is one operation, none decides anything. */
export function createReleases(options: HelmOptions): Releases {
  const change = async (args: string[], timeoutMs: number, signal: AbortSignal) => {
    // Helm's timeout is for each of its operations (hooks, apply, wait): this is for all of them.
    const result = await runHelm(options, { args, timeoutMs: 2 * timeoutMs + 60_000, signal });
    if (result.exitCode !== 0) throw await helmFailure(options, args, result);
  };
  return {
    find: (name) => findRelease(options, name),
    async findObjects(name) {
      if (!(await findRelease(options, name))) return [];
      const args = ["get", "manifest", name, "--namespace", name];
      const result = await runHelm(options, { args, ...readLimits });
      if (result.exitCode !== 0) throw unreadable(`the record of ${name}`, result);
      return parseManifests(result.stdout);
    },
    async render(chart, signal) {
      const args = templateArguments(chart);
      const result = await runHelm(options, { args, ...readLimits, offline: true, signal });
      const rendered = readRendered(result, chart);
      if (chart.capabilities) await requireVersion(options, chart, signal);
      return rendered;
    },
    install: (chart, signal) => change(applyArguments("install", chart), chart.timeoutMs, signal),
    upgrade: (chart, signal) => change(applyArguments("upgrade", chart), chart.timeoutMs, signal),
    rollback: (name, timeoutMs, signal) => change(rollbackArguments(name, timeoutMs), timeoutMs, signal),
    uninstall: (name, timeoutMs, signal) => change(uninstallArguments(name, timeoutMs), timeoutMs, signal),
  };
}

/**
 * `helm template` holds the version that it is told against a chart's kubeVersion without what follows its three numbers
 * (`-gke.1200`), and an install counts that. So helm asks the cluster, for a chart that is nothing but the range.
 */
async function requireVersion(options: HelmOptions, chart: ChartInstall, signal: AbortSignal): Promise<void> {
  const text = await readFile(path.join(chart.chartDir, "Chart.yaml"), "utf8");
  const { kubeVersion } = parse(text, { logLevel: "silent" }) as { kubeVersion?: unknown };
  if (kubeVersion === undefined) return;
  const dir = path.join(options.workDir, "helm", "kube-version");
  await mkdir(dir, { recursive: true });
  const range = { apiVersion: "v2", name: "range", version: "0.0.0", kubeVersion };
  await writeFile(path.join(dir, "Chart.yaml"), JSON.stringify(range));
  const args = ["template", chart.name, dir, "--dry-run=server"];
  const result = await runHelm(options, { args, ...readLimits, signal });
  if (result.exitCode === 0) return;
  if (!result.stderrLines.some((line) => line.includes("kubeVersion")))
    throw unreadable("the version of the cluster", result);
  readRendered(result, chart);
}

/**
 * The release as `helm list` has it: the one question whose "not there" is no error, so nothing human needs to be
 * read. Throws TransientError when the cluster can't be asked.
 */
async function findRelease(options: HelmOptions, name: string): Promise<ReleaseView | undefined> {
  const result = await runHelm(options, { args: listArguments(name), ...readLimits });
  // No release at all is no output in Helm 3.
  const listed = listSchema.safeParse(parseJson(result.stdout === "" ? "[]" : result.stdout));
  if (result.exitCode !== 0 || !listed.success) throw unreadable("the releases of the cluster", result);
  return listed.data
    .filter((release) => release.name === name)
    .toSorted((a, b) => b.revision - a.revision)[0];
}

/**
 * What a failed helm means. Its exit code says only "failed": an outage is told from a fault of the chart by asking
 * the cluster once more (throws TransientError when it can't be asked either).
 */
async function helmFailure(
  options: HelmOptions,
  [verb = "", name = ""]: readonly string[],
  { stderrLines }: ProgramResult,
): Promise<PermanentError> {
  const found = await findRelease(options, name);
  return new PermanentError("HELM_FAILED", `helm could not ${verb} ${name}`, {
    details: stderrLines,
    hint: found
      ? `look at it with: helm status ${name} -n ${name}`
      : `look at what it left with: kubectl get all -n ${name}`,
  });
}

/** helm's exit code does not tell the API server's answer; these two come with the server's own fixed words. */
const refusals: readonly [RegExp, number][] = [
  [/ is forbidden: /, 403],
  [/Unauthorized|asked for the client to provide credentials/, 401],
];

function unreadable(what: string, { stderrLines: details }: ProgramResult): TransientError {
  const status = refusals.find(([words]) => details.some((line) => words.test(line)))?.[1];
  return new TransientError("the Kubernetes API", `helm could not read ${what}`, { details, status });
}
