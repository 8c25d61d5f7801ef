/** The last lines of a run: what happened, what visitors see, what to type next. */
import { AbortedError, type BuilderError, ConfigError } from "../errors.ts";
import { verbCommand } from "../domain/commands.ts";
import { duration, table } from "../domain/words.ts";
import { tookText } from "./banner.ts";
import type { Run } from "./read-state.ts";
import type { World } from "./world.ts";

/** The command for a direct update of a live release (facts.md, 1). */
export function directUpdate(release: string, environment: string): string {
  return `helm upgrade -n ${release} -f secrets.yaml -f powo/${environment}.yaml ${release} powo/`;
}

/** After a success. */
export function liveLines(run: Run, { settings }: World): string[] {
  const spent = (...names: string[]) =>
    run.steps
      .filter(
        ({ name, startedAt, finishedAt }) =>
          names.includes(name) && startedAt !== undefined && finishedAt !== undefined,
      )
      .reduce(
        (sum, { startedAt = "", finishedAt = "" }) => sum + Date.parse(finishedAt) - Date.parse(startedAt),
        0,
      );
  const waited = duration(spent("wait-for-pods", "await-harvest"));
  return [
    `${run.release}   total ${tookText(run)} (${waited} of it waiting for pods and harvest)`,
    `direct update:  ${directUpdate(run.release, settings.environment)}`,
  ];
}

/** After a failure, a refusal or an abort. */
export function failureLines(error: BuilderError, run: Run, world: World): string[] {
  if (error instanceof AbortedError) return abortedLines(error, run, world);
  const problems =
    error instanceof ConfigError ? table(error.problems.map(({ where, what }) => [where, what])) : [];
  return [
    `FAILED: ${error.message} [${error.code}]`,
    ...[...problems, ...error.details].map((line) => `  ${line}`),
    ...aftermath(run, world),
    ...(error.hint === undefined ? [] : [aligned(error.hint)]),
    ...next(run, world),
    `more:   docs/errors.md#${error.code.toLowerCase()}`,
  ];
}

/** `look:  kubectl …` in the column of the other commands. */
function aligned(hint: string): string {
  return hint.replace(/^(\w{1,6}:) +/, (_, label: string) => label.padEnd("again:  ".length));
}

/** What the builder says that was told to stop; the operator's verb does the rest, and says so itself. */
function abortedLines(error: BuilderError, run: Run, world: World): string[] {
  const rolledBack = run.dns?.startedAt !== undefined;
  return [
    `${error.message} [${error.code}]`,
    ...(rolledBack ? [] : [`${visitorsSee(run)}; the abort now removes ${run.release}`]),
    ...next(run, world).slice(0, 1),
  ];
}

function isSwapped({ dns }: Run): boolean {
  return dns?.swappedAt !== undefined && dns.undoneAt === undefined;
}

function visitorsSee(run: Run): string {
  const live = run.previous?.filter((name) => name !== run.release).join(" and ");
  if (isSwapped(run)) return `live is ${run.release}; the public names point at it`;
  return live
    ? `live is still ${live}; nothing that visitors see has changed`
    : "nothing that visitors see has changed";
}

/** What visitors see now, and what is kept to find out why. */
function aftermath(run: Run, { settings }: World): string[] {
  const swapped = isSwapped(run);
  const site = visitorsSee(run);
  const installed = run.steps.some(({ name, attempts }) => name === "install-release" && attempts > 0);
  if (!installed || swapped || settings.keepFailedMs === 0) return [site];
  return [
    site,
    `kept for a look:  ${run.release}  (until the next run, at most ${duration(settings.keepFailedMs)})`,
  ];
}

function next(run: Run, { builderNamespace }: World): string[] {
  const installed = run.steps.some(({ name, attempts }) => name === "install-release" && attempts > 0);
  const again = `again:  ${verbCommand("run", builderNamespace, "retry-1")}`;
  const drop = `drop:   ${verbCommand("abort", builderNamespace)}`;
  return installed && run.dns?.startedAt === undefined ? [again, drop] : [again];
}

/** When this builder stops and another goes on. */
export function interruptedLines(
  error: BuilderError,
  run: Run,
  { builderNamespace }: Pick<World, "builderNamespace">,
): string[] {
  const step = run.steps.find(({ status }) => status === "running")?.name ?? "the next step";
  const message = /^stopped\b/.test(error.message) ? error.message : `stopped: ${error.message}`;
  return [
    `${message} [${error.code}]`,
    `everything is saved; the next builder goes on with run ${run.runId} at ${step}`,
    ...(error.hint === undefined ? [] : [error.hint]),
    ...(error.code === "LEASE_LOST"
      ? []
      : [`if its Job starts none:  ${verbCommand("run", builderNamespace, "resume-1")}`]),
  ];
}
