/** Direct update: upgrades the live release to the chart and values at the configured ref. */
import { chartInstall } from "../actions/checks/chart.ts";
import { whyNotDeployed } from "../actions/deployed.ts";
import { waitUntilReady } from "../actions/probe-site.ts";
import { readLive } from "../actions/read-live.ts";
import { verbCommand } from "../domain/commands.ts";
import { type BuilderError, RefusedError } from "../errors.ts";
import { persist, retryOf, untilItWorks } from "../pipeline/retry.ts";
import type { Task } from "../pipeline/task.ts";
import { taskOf, type World } from "../pipeline/world.ts";
import type { ChartInstall } from "../ports/releases.ts";
import { besideBuilder } from "./hold-lock.ts";

/**
 * Upgrades and waits; returns the lines to show. Throws RefusedError unless exactly one release is live, and while a
 * builder swaps or deletes.
 */
export function updateLive(world: World, signal: AbortSignal): Promise<string[]> {
  return besideBuilder(world, "update", signal, ({ fence, signal: held }) => {
    const task = taskOf(world, "update", fence, { signal: held });
    return persist(() => upgrade(task), retryOf(task));
  });
}

async function upgrade(task: Task): Promise<string[]> {
  const { settings, ports, log, signal } = task;
  const release = await requireOneLive(task);
  const chart = await ports.sources.fetchChart(undefined, signal);
  const secrets = await ports.sources.readSecrets();
  const shown = `${chart.name} ${chart.version} at ${chart.commit.slice(0, 7)}`;
  log.info({ release }, `upgrading ${release} to chart ${shown}`);
  await ports.cluster.ensureAccess(release);
  const wanted = chartInstall(release, { chart, secrets }, settings.podsTimeoutMs);
  await untilItWorks(() => tryUpgrade(task, wanted), retryOf(task));
  await waitUntilReady(task, release, {
    code: "PODS_TIMEOUT",
    timeoutMs: settings.podsTimeoutMs,
    hint: `look:  kubectl get pods -n ${release}; back:  helm rollback -n ${release} ${release}`,
  });
  return (await ports.cluster.findPods(release))
    .filter(({ phase, terminating }) => phase === "Running" && !terminating)
    .map(({ name, ready }) => `${name}  ${ready ? "ready" : "not ready"}`)
    .sort();
}

/** Upgrades; returns why that is not done. A helm that was killed leaves its record pending, and no other goes on from there. */
async function tryUpgrade(task: Task, wanted: ChartInstall): Promise<BuilderError | undefined> {
  const { ports, log, signal } = task;
  const { releases } = ports;
  const { name, timeoutMs } = wanted;
  const before = { name, revision: 0, status: "", ...(await releases.find(name)) };
  if (before.status.startsWith("pending-")) {
    log.warn({}, `${name}: an earlier upgrade is unfinished (${before.status}); rolling it back first`);
    const failure = await whyNotDeployed(task, before, () => releases.rollback(name, timeoutMs, signal));
    if (failure) return failure;
    before.revision += 1;
  }
  return whyNotDeployed(task, before, () => releases.upgrade(wanted, signal));
}

async function requireOneLive(task: Task): Promise<string> {
  const { releases } = await readLive(task);
  const [release, ...others] = releases;
  if (release !== undefined && others.length === 0) return release;
  const what =
    release === undefined
      ? "nothing of this environment is live"
      : `the public names point at several releases: ${releases.join(", ")}`;
  throw new RefusedError("NO_LIVE_RELEASE", `not updated: ${what}`, {
    hint: `see:  ${verbCommand("status", task.settings.builderNamespace)}`,
  });
}
