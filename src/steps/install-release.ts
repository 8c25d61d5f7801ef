/** Installs the release under its own name in a namespace of its own; a half install is put right under the same name. */
import { PermanentError, TransientError } from "../errors.ts";
import type { Settings } from "../config/settings.ts";
import { labels, namespaceLabels } from "../domain/names.ts";
import type { RunState } from "../domain/run-state.ts";
import { done, type Step, type StepContext } from "../pipeline/step.ts";
import type { Ports } from "../ports/index.ts";
import { evidenceOf } from "./keep-evidence.ts";
import { removeLeftovers } from "./remove-leftovers.ts";
import { recordedBy, removalOf, removeRelease, usedBy } from "./remove-release.ts";

type Needs = Pick<Ports, "cluster" | "releases" | "sources" | "dns">;

export const installRelease = (settings: Settings): Step<Needs, RunState> => ({
  name: "install-release",
  summary: "Install the new release",
  async run(ports, state, context) {
    const { release } = state;
    const stopped = await ports.releases.stopLeftovers(release);
    if (stopped > 0)
      context.log.warn({ stopped }, "stopped a helm process that a killed builder had left at work");
    const seen = await observe(ports, state);
    if (seen === "installed") return done("", { reinstall: null });
    if (seen === "absent")
      await removeLeftovers(
        ports,
        settings,
        { inUse: usedBy(state), recorded: recordedBy(state) },
        { ...context, onRemoving: evidenceOf(ports.cluster, context, context) },
      );
    else await startAfresh(ports, settings, state, context, seen);
    await install(ports, settings, state, context);
    return done("", { reinstall: null });
  },
});

/** What is there of the release: all of it, nothing, or something that must go first (in words). */
async function observe({ cluster, releases }: Needs, state: RunState): Promise<string> {
  const namespace = await cluster.findNamespace(state.release);
  if (!namespace) return "absent";
  const owner = namespace.labels[labels.run];
  if (owner !== state.runId) {
    throw new PermanentError("NAMESPACE_TAKEN", `namespace ${state.release} exists and is not of this run`, {
      hint: "start again: the next run takes another name",
    });
  }
  if (namespace.terminating) return "it is being deleted";
  await cluster.ensureAccess(state.release);
  const found = await releases.find(state.release);
  if (state.reinstall) return state.reinstall;
  if (found?.status === "deployed") return "installed";
  return found ? `an install was left half done (${found.status})` : "empty";
}

/** Removes what an earlier attempt left. Nothing is lost: the harvest comes later. */
async function startAfresh(
  ports: Needs,
  settings: Settings,
  state: RunState,
  context: StepContext<RunState>,
  reason: string,
): Promise<void> {
  if (reason === "empty") return; // our namespace without a release in it: what the install begins with
  context.log.warn(
    {},
    `${state.release}: ${reason}; removing it and installing it again under the same name`,
  );
  const removal = removalOf(settings, state, state.release);
  await removeRelease(ports, removal, {
    ...context,
    onRemoving: evidenceOf(ports.cluster, context, context),
  });
}

async function install(
  { cluster, releases, sources }: Needs,
  settings: Settings,
  state: RunState,
  { log, signal }: StepContext<RunState>,
): Promise<void> {
  const { release, inputs } = state;
  const chart = await sources.fetchChart(inputs?.chartCommit, signal);
  const secrets = await sources.readSecrets();
  if (secrets.sha256 !== inputs?.secretsDigest)
    log.warn({}, "the secrets file has changed since the run began; taking it as it is now");
  log.info({ release }, `new release ${release}`);
  await cluster.ensureNamespace(release, namespaceLabels(state.environment, state.runId));
  await cluster.ensureAccess(release);
  const valuesFiles = [
    secrets.file,
    ...(chart.environmentValues === undefined ? [] : [chart.environmentValues]),
  ];
  try {
    await releases.install(
      { name: release, chartDir: chart.dir, valuesFiles, timeoutMs: settings.podsTimeoutMs },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    // Helm says only in words why it failed. An API server that is away is waited for here, and the install tried again.
    await cluster.version();
    const after = await releases.find(release);
    if (after?.status === "deployed") return;
    // A deletion that a dead builder had sent may arrive late: what is left is removed then, and installed once more.
    const namespace = await cluster.findNamespace(release);
    if (!namespace || namespace.terminating)
      throw new TransientError("the Kubernetes API", `${release} was deleted while it was being installed`);
    throw error;
  }
}
