/** Direct update: upgrades the live release to the chart and values at the configured ref. */
import { verbCommand } from "../domain/commands.ts";
import { RefusedError } from "../errors.ts";
import { isAllReady, judgeReadiness, readinessText } from "../domain/readiness.ts";
import { patiently } from "../pipeline/patience.ts";
import { waitFor } from "../pipeline/wait.ts";
import { readLive } from "../steps/read-live.ts";
import type { World } from "../rebuild/world.ts";

/** Upgrades and waits; returns the lines to show. Throws RefusedError unless exactly one release is live. */
export async function updateLive(world: World, signal: AbortSignal): Promise<string[]> {
  const { settings, ports, clock } = world;
  const log = world.log("update");
  const patience = { clock, log, budgetMs: settings.retryTimeoutMs };
  const ask = <T>(question: () => Promise<T>) => patiently(question, patience, signal);
  const { releases } = await ask(() => readLive(ports, settings.environment, settings.mappings));
  const [release, ...others] = releases;
  if (release === undefined || others.length > 0) {
    const what =
      release === undefined
        ? "nothing of this environment is live"
        : `the names point at several: ${releases.join(", ")}`;
    throw new RefusedError("NO_LIVE_RELEASE", `not updated: ${what}`, {
      hint: `see:  ${verbCommand("status", world.builderNamespace)}`,
    });
  }
  const chart = await ask(() => ports.sources.fetchChart(undefined, signal));
  const secrets = await ask(() => ports.sources.readSecrets());
  log.info(
    { release },
    `upgrading ${release} to chart ${chart.name} ${chart.version} at ${chart.commit.slice(0, 7)}`,
  );
  await ports.cluster.ensureAccess(release);
  const valuesFiles = [
    secrets.file,
    ...(chart.environmentValues === undefined ? [] : [chart.environmentValues]),
  ];
  await ports.releases.upgrade(
    { name: release, chartDir: chart.dir, valuesFiles, timeoutMs: settings.podsTimeoutMs },
    signal,
  );
  const mapped = settings.mappings.map(({ service }) => service);
  const ready = await waitFor(
    {
      code: "PODS_TIMEOUT",
      what: `${release} becoming ready`,
      intervalMs: 3_000,
      deadline: clock.now() + settings.podsTimeoutMs,
      hint: `look:  kubectl get pods -n ${release}; back:  helm rollback -n ${release} ${release}`,
      look: async () => {
        const seen = await ask(() => ports.cluster.observe(release));
        const view = judgeReadiness(seen, mapped);
        if (isAllReady(view)) return { done: seen };
        return { seen: readinessText(view) };
      },
    },
    { clock, log, signal },
  );
  return ready.pods
    .filter(({ phase, terminating }) => phase === "Running" && !terminating)
    .map(({ name, ready: isReady }) => `${name}  ${isReady ? "ready" : "not ready"}`)
    .sort();
}
