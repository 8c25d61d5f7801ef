/** The last lines of a run: what happened, what visitors see, what to type next. */
import { directUpdate, pluginCommand, verbCommand } from "../domain/commands.ts";
import { changedAddresses } from "../domain/dns-plan.ts";
import type { Mapping } from "../domain/dns-records.ts";
import { retryCommand, whyNotReopen } from "../domain/reopening.ts";
import { hasChangedDns, replacedBy, type RunState, wasInstalled } from "../domain/run.ts";
import { duration, table } from "../domain/words.ts";
import { AbortedError, type BuilderError, ConfigError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import { type LiveReading, readLive } from "./read-live.ts";
import { within } from "./within.ts";

/** How long DNS may take to say what is live. */
const readMs = 5_000;
const asPlanned = "; the public names point at it";

/** What visitors see, by reading DNS now. */
export async function visitorsSee(run: Run, ms = readMs): Promise<string> {
  const { state } = run;
  return within(
    run,
    ms,
    async (own) => whatIsLive(state, own.settings.mappings, await readLive(own)),
    (why) => `what is live could not be read from DNS (${why})`,
  );
}

function whatIsLive(state: RunState, mappings: readonly Mapping[], seen: LiveReading): string {
  const { releases, foreign, records } = seen;
  const live = releases.join(" and ") || `nothing of ${state.environment}`;
  const strangers = foreign.map(({ name, address }) => `${name} points at ${address}`).join(", ");
  const elsewhere = strangers && `; ${strangers}, which belongs to no release`;
  if (releases.length > 1) return `live is ${live}: the public names are split between them${elsewhere}`;
  if (releases[0] === state.release) return `live is ${live}${elsewhere || asPlanned}`;
  const { before, startedAt } = state.dns ?? {};
  const isAsBefore = before
    ? changedAddresses(mappings, before, records).length === 0
    : releases.join() === replacedBy(state).sort().join();
  if (!isAsBefore) return `live is ${live}${elsewhere}`;
  // Names that had moved in between are back: that was seen.
  if (startedAt !== undefined) return `live is ${live}; the public names are what they were before the swap`;
  return `live is still ${live}; nothing that visitors see has changed`;
}

/** After a success. */
export async function successLines(run: Run): Promise<string[]> {
  const { state, settings } = run;
  const site = await visitorsSee(run);
  const spentMs = (...names: string[]) =>
    state.steps
      .filter(({ name }) => names.includes(name))
      .reduce((sum, { startedAt = "", finishedAt = "" }) => sum + took(startedAt, finishedAt), 0);
  const waited = duration(spentMs("wait-for-pods", "await-harvest"));
  const total = duration(took(state.startedAt, state.finishedAt ?? ""));
  return [
    `${state.release}   total ${total} (${waited} of it waiting for pods and harvest)`,
    ...(site.endsWith(asPlanned) ? [] : [site]),
    `direct update:  ${directUpdate(state.release, settings.environment)}`,
  ];
}

function took(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from) || 0;
}

/** After a failure, a refusal or an abort. */
export async function failureLines(run: Run, error: BuilderError): Promise<string[]> {
  const { state, settings } = run;
  const site = await visitorsSee(run);
  const commands = nextCommands(state, settings.builderNamespace);
  if (error instanceof AbortedError) {
    const removal = hasChangedDns(state) ? site : `${site}; the abort now removes ${state.release}`;
    return [`${error.message} [${error.code}]`, removal, ...commands.slice(0, 1)];
  }
  const problems =
    error instanceof ConfigError ? table(error.problems.map(({ where, what }) => [where, what])) : [];
  const isKept = wasInstalled(state) && !hasChangedDns(state) && settings.keepFailedMs > 0;
  const kept = `kept for a look:  ${state.release}  (until the next run, at most ${duration(settings.keepFailedMs)})`;
  return [
    `FAILED: ${error.message} [${error.code}]`,
    ...[...problems, ...error.details].map((line) => `  ${line}`),
    site,
    ...(isKept ? [kept] : []),
    ...(error.hint === undefined ? [] : [aligned(error.hint)]),
    ...commands,
    `more:   docs/errors.md#${error.code.toLowerCase()}`,
  ];
}

/** `look:  kubectl …` in the column of the other commands. */
function aligned(hint: string): string {
  return hint.replace(/^(\w{1,6}:) +/, (_, label: string) => label.padEnd("again:  ".length));
}

/** What goes on with the harvest that is there comes first, what begins anew second. */
function nextCommands(state: RunState, namespace: string | undefined): string[] {
  const canReopen = whyNotReopen(state) === undefined;
  const isLeft = wasInstalled(state) && !hasChangedDns(state);
  const plain = canReopen ? retryCommand(state, namespace) : verbCommand("run", namespace, "rebuild-1");
  return [
    ...(canReopen ? [`go on:  ${pluginCommand("retry", namespace)}`] : []),
    `again:  ${pluginCommand("run", namespace)}`,
    ...(isLeft ? [`drop:   ${pluginCommand("abort", namespace)}`] : []),
    `without the plugin:  ${plain}`,
  ];
}

/** When this builder stops and another goes on. */
export async function interruptedLines(run: Run, error: BuilderError, readLiveMs: number): Promise<string[]> {
  const message = /^stopped\b/.test(error.message) ? error.message : `stopped: ${error.message}`;
  const isLost = error.code === "LEASE_LOST";
  return [
    `${message} [${error.code}]`,
    `everything is saved; the next builder goes on with run ${run.state.runId} at ${run.stepName}`,
    await visitorsSee(run, readLiveMs),
    ...(error.hint === undefined ? [] : [error.hint]),
    ...(isLost
      ? []
      : [`if its Job starts no builder:  ${verbCommand("run", run.settings.builderNamespace, "resume-1")}`]),
  ];
}
