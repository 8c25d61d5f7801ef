/** Direct update: upgrades the live release to the chart and values at the configured ref. */
import { chartInstall } from "../actions/checks/chart.ts";
import { readLive } from "../actions/read-live.ts";
import { verbCommand } from "../domain/commands.ts";
import { isAllReady, judgeReadiness, readinessText } from "../domain/readiness.ts";
import { currentStep, isOver } from "../domain/run.ts";
import { RefusedError } from "../errors.ts";
import type { Fence } from "../pipeline/guard.ts";
import { underClaim } from "../pipeline/requests.ts";
import { readState } from "../pipeline/state.ts";
import type { Task } from "../pipeline/task.ts";
import { waitFor } from "../pipeline/wait.ts";
import { ask, taskOf, type World } from "../pipeline/world.ts";
import { keepingLock, newLock } from "./hold-lock.ts";

/**
 * Upgrades and waits; returns the lines to show. Throws RefusedError unless exactly one release is live, and while a
 * builder swaps or deletes.
 */
export async function updateLive(world: World, signal: AbortSignal): Promise<string[]> {
  const lock = newLock(world, "update");
  const acquired = await ask(world, () => lock.acquire(signal), signal);
  if (acquired.kind === "held")
    return keepingLock(lock, signal, (held) => upgrade(world, lock, held), { keepsRequests: true });
  return underClaim(world, "update", async (fence) => {
    await refuseInSwap(world, signal);
    return upgrade(world, fence, signal);
  });
}

/** Looked at once the claim is there: a builder that begins a swap after that sees the claim, and waits. */
export async function refuseInSwap(world: World, signal: AbortSignal): Promise<void> {
  const { run } = await readState(world, signal);
  if (!run || isOver(run.phase)) return;
  const { name, status } = currentStep(run) ?? {};
  const isBusy = (name === "swap-dns" || name === "delete-old-release") && status === "running";
  if (!isBusy || run.phase === "waiting-approval") return;
  throw new RefusedError("RUN_IN_SWAP", `run ${run.runId} is at ${name}: nothing was done`, {
    hint: `wait until it is over, then try again; see:  ${verbCommand("status", world.builderNamespace)}`,
  });
}

async function upgrade(world: World, fence: Fence, signal: AbortSignal): Promise<string[]> {
  const task = taskOf(world, "update", fence, { signal });
  const { settings, ports, log } = task;
  const release = await requireOneLive(task, world.builderNamespace);
  const chart = await ports.sources.fetchChart(undefined, signal);
  const secrets = await ports.sources.readSecrets();
  const shown = `${chart.name} ${chart.version} at ${chart.commit.slice(0, 7)}`;
  log.info({ release }, `upgrading ${release} to chart ${shown}`);
  await ports.cluster.ensureAccess(release);
  await ports.releases.upgrade(chartInstall(release, { chart, secrets }, settings.podsTimeoutMs), signal);
  const mapped = settings.mappings.map(({ service }) => service);
  const { pods } = await waitFor(
    {
      code: "PODS_TIMEOUT",
      what: `${release} becoming ready`,
      timeoutMs: settings.podsTimeoutMs,
      hint: `look:  kubectl get pods -n ${release}; back:  helm rollback -n ${release} ${release}`,
      look: async () => {
        const seen = await ports.cluster.observe(release);
        const view = judgeReadiness(seen, mapped);
        return isAllReady(view) ? { done: seen } : { seen: readinessText(view) };
      },
    },
    task,
  );
  return pods
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
