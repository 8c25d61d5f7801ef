/** Installs the release under its own name in a namespace of its own; a half install is put right under the same name. */
import { chartInstall } from "../actions/checks/chart.ts";
import { makeRoom } from "../actions/leftovers.ts";
import { removeRelease } from "../actions/remove-release.ts";
import { labels, namespaceLabels } from "../domain/names.ts";
import { PermanentError, TransientError } from "../errors.ts";
import { pauseMs } from "../pipeline/retry.ts";
import type { Run } from "../pipeline/run.ts";
import { done, type Step } from "../pipeline/step.ts";

export const installRelease: Step = {
  name: "install-release",
  summary: "Install the new release",
  async run(run) {
    const began = run.clock.monotonic();
    // From here on it is this run that can be gone on with, or rolled back.
    if (run.attachments.displaced) await run.save({}, { displaced: null });
    for (let tries = 1; ; tries += 1) {
      const seen = await observe(run);
      if (seen !== "installed") {
        if (seen === "absent") await makeRoom(run);
        else await startAfresh(run, seen);
        const failure = await install(run);
        // One of Helm's thirty requests may have failed: no data is lost yet, so it is put right and tried again.
        if (failure && run.clock.monotonic() - began >= run.settings.retryTimeoutMs) throw failure;
        if (failure) {
          run.log.warn(
            { code: failure.code },
            `${failure.message}: ${failure.details.at(-1) ?? ""}; trying again`,
          );
          await run.clock.sleep(pauseMs(tries, failure), run.signal);
          continue;
        }
      }
      if (run.state.reinstall !== undefined) await run.save({ reinstall: undefined });
      return done("");
    }
  },
};

/** What is there of the release: all of it, nothing, or something that must go first (in words). */
async function observe({ ports: { cluster, releases }, state }: Run): Promise<string> {
  const namespace = await cluster.findNamespace(state.release);
  if (!namespace) return "absent";
  if (namespace.labels[labels.run] !== state.runId) {
    const message = `namespace ${state.release} exists and is not of this run`;
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

/** Removes what an earlier attempt left. Nothing is lost: the harvest comes later. */
async function startAfresh(run: Run, reason: string): Promise<void> {
  if (reason === "empty") return; // our namespace without a release in it: what the install begins with
  const { release } = run.state;
  run.log.warn({}, `${release}: ${reason}; removing it and installing it again under the same name`);
  await removeRelease(run, release);
}

/** Installs; returns Helm's failure where the release isn't there after it, and the API server can be asked. */
async function install(run: Run): Promise<PermanentError | undefined> {
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
  try {
    await releases.install(chartInstall(release, { chart, secrets }, settings.podsTimeoutMs), signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    // Helm says only in words why it failed. An API server that is away is waited for here.
    await cluster.version();
    const after = await releases.find(release);
    if (after?.status === "deployed") return undefined;
    // A deletion that a dead builder had sent may arrive late: what is left is removed then, and installed once more.
    const namespace = await cluster.findNamespace(release);
    if (!namespace || namespace.terminating)
      throw new TransientError("the Kubernetes API", `${release} was deleted while it was being installed`);
    if (error instanceof PermanentError) return error;
    throw error;
  }
}
