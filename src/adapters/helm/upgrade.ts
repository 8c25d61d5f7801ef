import type { ChartInstall } from "../../ports/releases.ts";
import { helmDuration, runHelm, valuesArguments, type HelmOptions } from "./command.ts";
import { helmFailure, patienceMs } from "./failure.ts";

/** What an operator types for a direct update (facts.md, 1); values of the release before are not kept. */
export function upgradeArguments(chart: ChartInstall): string[] {
  return [
    "upgrade",
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
export async function upgradeRelease(
  options: HelmOptions,
  chart: ChartInstall,
  signal: AbortSignal,
): Promise<void> {
  const result = await runHelm(options, {
    args: upgradeArguments(chart),
    release: chart.name,
    timeoutMs: patienceMs(chart.timeoutMs),
    signal,
  });
  if (result.exitCode !== 0) throw await helmFailure(options, "upgrade", chart.name, result, signal);
}
