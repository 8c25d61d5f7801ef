import type { ChartInstall } from "../../ports/releases.ts";
import { helmDuration, runHelm, valuesArguments, type HelmOptions } from "./command.ts";
import { helmFailure, patienceMs } from "./failure.ts";

/**
 * `helm install`, or `helm upgrade` as an operator types it for a direct update (facts.md, 1). Neither `--wait` nor
 * `--rollback-on-failure`: the steps watch the pods, and a failed build is kept to find out why. Without `--wait` both
 * Helm 3 and 4 wait for hooks only.
 */
export function applyArguments(verb: "install" | "upgrade", chart: ChartInstall): string[] {
  return [
    verb,
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
export async function applyRelease(
  options: HelmOptions,
  verb: "install" | "upgrade",
  chart: ChartInstall,
  signal: AbortSignal,
): Promise<void> {
  const result = await runHelm(options, {
    args: applyArguments(verb, chart),
    release: chart.name,
    timeoutMs: patienceMs(chart.timeoutMs),
    signal,
  });
  if (result.exitCode !== 0) throw await helmFailure(options, verb, chart.name, result, signal);
}
