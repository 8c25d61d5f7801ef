/** Direct update: upgrades the live release to the chart and values at the configured ref. */
import { chartInstall } from "../actions/checks/chart.ts";
import { lookAtReadiness } from "../actions/probe-site.ts";
import { readLive } from "../actions/read-live.ts";
import { verbCommand } from "../domain/commands.ts";
import { isAllReady, readinessText } from "../domain/readiness.ts";
import { RefusedError } from "../errors.ts";
import type { Task } from "../pipeline/task.ts";
import { waitFor } from "../pipeline/wait.ts";
import { taskOf, type World } from "../pipeline/world.ts";
import { type Beside, besideBuilder } from "./hold-lock.ts";

/**
 * Upgrades and waits; returns the lines to show. Throws RefusedError unless exactly one release is live, and while a
 * builder swaps or deletes.
 */
export function updateLive(world: World, signal: AbortSignal): Promise<string[]> {
  return besideBuilder(world, "update", signal, (beside) => upgrade(world, beside));
}

async function upgrade(world: World, { fence, signal }: Beside): Promise<string[]> {
  const task = taskOf(world, "update", fence, { signal });
  const { settings, ports, log } = task;
  const release = await requireOneLive(task, world.builderNamespace);
  const chart = await ports.sources.fetchChart(undefined, signal);
  const secrets = await ports.sources.readSecrets();
  const shown = `${chart.name} ${chart.version} at ${chart.commit.slice(0, 7)}`;
  log.info({ release }, `upgrading ${release} to chart ${shown}`);
  await ports.cluster.ensureAccess(release);
  await ports.releases.upgrade(chartInstall(release, { chart, secrets }, settings.podsTimeoutMs), signal);
  const look = lookAtReadiness(task, release);
  await waitFor(
    {
      code: "PODS_TIMEOUT",
      what: `${release} becoming ready`,
      timeoutMs: settings.podsTimeoutMs,
      hint: `look:  kubectl get pods -n ${release}; back:  helm rollback -n ${release} ${release}`,
      look: async () => {
        const view = await look();
        return isAllReady(view) ? { done: true } : { seen: readinessText(view) };
      },
    },
    task,
  );
  return (await ports.cluster.findPods(release))
    .filter(({ phase, terminating }) => phase === "Running" && !terminating)
    .map(({ name, ready }) => `${name}  ${ready ? "ready" : "not ready"}`)
    .sort();
}

async function requireOneLive(task: Task, namespace: string): Promise<string> {
  const { releases } = await readLive(task);
  const [release, ...others] = releases;
  if (release !== undefined && others.length === 0) return release;
  const what =
    release === undefined
      ? "nothing of this environment is live"
      : `the names point at several: ${releases.join(", ")}`;
  throw new RefusedError("NO_LIVE_RELEASE", `not updated: ${what}`, {
    hint: `see:  ${verbCommand("status", namespace)}`,
  });
}
