/** Installs the release under its own name in a namespace of its own; a half install is put right under the same name. */
import { chartInstall } from "../actions/checks/chart.ts";
import { whyNotDeployed } from "../actions/deployed.ts";
import { makeRoom } from "../actions/leftovers.ts";
import { removeRelease } from "../actions/remove-release.ts";
import { labels, namespaceLabels } from "../domain/names.ts";
import { type BuilderError, PermanentError } from "../errors.ts";
import { retryOf, untilItWorks } from "../pipeline/retry.ts";
import type { Run } from "../pipeline/run.ts";
import { done, type Step } from "../pipeline/step.ts";

export const installRelease: Step = {
  name: "install-release",
  summary: "Install the new release",
  // Rights in the new namespace are used for the first time here, its site in the next step, its harvester's login after that.
  refusals: "verdict",
  async run(run) {
    // From here on `retry` and `rollback` are about this run.
    if (run.attachments.displaced) await run.save({}, { displaced: null });
    // No data is lost yet: what Helm has begun is put right, and tried again.
    await untilItWorks(async () => {
      const seen = await observe(run);
      if (seen === "installed") return undefined;
      if (seen === "absent") await makeRoom(run);
      return (await startAfresh(run, seen)) ?? install(run);
    }, retryOf(run));
    if (run.state.reinstall !== undefined) await run.save({ reinstall: undefined });
    return done("");
  },
};

/** What is there of the release: all of it, nothing, or something that must go first (in words). */
async function observe({ ports: { cluster, releases }, state }: Run): Promise<string> {
  const namespace = await cluster.findNamespace(state.release);
  if (!namespace) return "absent";
  if (namespace.labels[labels.run] !== state.runId) {
    const message = `namespace ${state.release} exists, but does not belong to this run`;
    const hint = "start again: the next run takes another name";
    throw new PermanentError("NAMESPACE_TAKEN", message, { hint });
  }
  if (namespace.terminating) return "it is being deleted";
  await cluster.ensureAccess(state.release);
  const found = await releases.find(state.release);
  if (state.reinstall) return state.reinstall;
  if (found?.status === "deployed") return "installed";
  return found ? `an install was left half done (${found.status})` : "empty";
}

/** Removes what an earlier attempt left, as a leftover: nothing is lost, the harvest comes later. Returns why helm could not. */
async function startAfresh(run: Run, reason: string): Promise<BuilderError | undefined> {
  // Our namespace without a release in it is what the install begins with.
  if (reason === "absent" || reason === "empty") return undefined;
  const { release } = run.state;
  run.log.warn({}, `${release}: ${reason}; removing it and installing it again under the same name`);
  try {
    await removeRelease(run, release, { isLeftover: true });
    return undefined;
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
}

async function install(run: Run): Promise<BuilderError | undefined> {
  const { ports, settings, state, log, signal } = run;
  const { cluster, releases, sources } = ports;
  const { release, inputs } = state;
  const chart = await sources.fetchChart(inputs?.chartCommit, signal);
  const secrets = await sources.readSecrets();
  if (secrets.sha256 !== inputs?.secretsDigest)
    log.warn({}, "the secrets file has changed since the run began; taking it as it is now");
  log.info({ release }, `new release ${release}`);
  await cluster.ensureNamespace(release, namespaceLabels(state.environment, state.runId));
  await cluster.ensureAccess(release);
  const wanted = chartInstall(release, { chart, secrets }, settings.podsTimeoutMs);
  return whyNotDeployed(run, { name: release, revision: 0 }, () => releases.install(wanted, signal));
}
