/** The arguments of helm's subcommands. None holds a secret: values are given as files. */
import type { ChartInstall } from "../../ports/releases.ts";

/**
 * `helm install`, or `helm upgrade` as an operator types it for a direct update. Neither `--wait` nor
 * `--rollback-on-failure`: the steps watch the pods, and a failed build is kept to find out why. Without `--wait` both
 * Helm 3 and 4 wait for hooks only.
 */
export function applyArguments(verb: "install" | "upgrade", chart: ChartInstall): string[] {
  return [verb, ...chartArguments(chart), "--timeout", helmDuration(chart.timeoutMs), "--hide-notes"];
}

/** To the revision before the latest: the one way on from `pending-upgrade` and `pending-rollback`. */
export function rollbackArguments(name: string, timeoutMs: number): string[] {
  return ["rollback", name, "--namespace", name, "--timeout", helmDuration(timeoutMs)];
}

/** Works in every state, pending-install and uninstalling included. */
export function uninstallArguments(name: string, timeoutMs: number): string[] {
  const waiting = ["--ignore-not-found", "--wait", "--timeout", helmDuration(timeoutMs)];
  return ["uninstall", name, "--namespace", name, ...waiting];
}

/** `helm list` in every state. Helm 4 lists them all by itself; Helm 3 needs to be told, and both understand these. */
export function listArguments(name: string): string[] {
  const states = ["--deployed", "--failed", "--pending", "--superseded", "--uninstalling", "--uninstalled"];
  return ["list", "--namespace", name, "--filter", `^${name}$`, ...states, "--output", "json"];
}

/**
 * What an install will make, with its hooks, but neither tests (nobody runs them) nor custom resource definitions, which no
 * release's record holds. Without capabilities helm assumes a cluster of its own time.
 */
export function templateArguments(chart: ChartInstall): string[] {
  const { kubeVersion, apiVersions = [] } = chart.capabilities ?? {};
  const args = ["template", ...chartArguments(chart), "--skip-crds", "--skip-tests"];
  if (kubeVersion !== undefined) args.push("--kube-version", kubeVersion);
  if (apiVersions.length > 0) args.push("--api-versions", apiVersions.join(","));
  return args;
}

/** A duration as helm reads it; never zero, which would mean at once. */
export function helmDuration(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))}s`;
}

/** Helm splits values files at commas, as CSV, so a path that holds one is quoted. */
function chartArguments({ name, chartDir, valuesFiles }: ChartInstall): string[] {
  const quoted = (file: string) => (/[",\n]/.test(file) ? `"${file.replaceAll('"', '""')}"` : file);
  const values = valuesFiles.flatMap((file) => ["--values", quoted(file)]);
  return [name, chartDir, "--namespace", name, ...values];
}
