import type { ChartInstall } from "../../ports/releases.ts";
import { helmDuration, runHelm, valuesArguments, type HelmOptions } from "./command.ts";
import { helmFailure, patienceMs } from "./failure.ts";

/**
 * Neither `--wait` nor `--rollback-on-failure`: the steps watch the pods, and a failed build is kept to find out why.
 * Without `--wait` both Helm 3 and 4 wait for hooks only.
 */
export function installArguments(chart: ChartInstall): string[] {
  return [
    "install",
    chart.name,
    chart.chartDir,
    "--namespace",
    chart.name,
    ...valuesArguments(chart.valuesFiles),
    "--timeout",
    helmDuration(chart.timeoutMs),
    "--hide-notes",
  ];
}

/** Throws PermanentError HELM_FAILED, or TransientError when helm was killed or the cluster went away. */
export async function installRelease(
  options: HelmOptions,
  chart: ChartInstall,
  signal: AbortSignal,
): Promise<void> {
  const result = await runHelm(options, {
    args: installArguments(chart),
    release: chart.name,
    timeoutMs: patienceMs(chart.timeoutMs),
    signal,
  });
  if (result.exitCode !== 0) throw await helmFailure(options, "install", chart.name, result, signal);
}
