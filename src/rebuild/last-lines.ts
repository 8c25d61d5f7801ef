/** The last lines of a run: what happened, what visitors see, what to type next. */
import { type BuilderError, ConfigError } from "../errors.ts";
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
  const problems =
    error instanceof ConfigError ? table(error.problems.map(({ where, what }) => [where, what])) : [];
  return [
    `FAILED: ${error.message} [${error.code}]`,
    ...[...problems, ...error.details].map((line) => `  ${line}`),
    ...aftermath(run, world),
    ...(error.hint === undefined ? [] : [error.hint]),
    ...next(run, world),
    `more:   docs/errors.md#${error.code.toLowerCase()}`,
  ];
}

/** What visitors see now, and what is kept to find out why. */
function aftermath(run: Run, { settings }: World): string[] {
  const live = run.previous?.filter((name) => name !== run.release).join(" and ");
  const swapped = run.dns?.swappedAt !== undefined && run.dns.undoneAt === undefined;
  const site = swapped
    ? `live is ${run.release}; the public names point at it`
    : live
      ? `live is still ${live}; nothing that visitors see has changed`
      : "nothing that visitors see has changed";
  const installed = run.steps.some(({ name, attempts }) => name === "install-release" && attempts > 0);
  if (!installed || swapped || settings.keepFailedMs === 0) return [site];
  return [
    site,
    `kept for a look:  ${run.release}  (until the next run, at most ${duration(settings.keepFailedMs)})`,
  ];
}

function next(run: Run, { builderNamespace }: World): string[] {
  const installed = run.steps.some(({ name, attempts }) => name === "install-release" && attempts > 0);
  const again = `again:  kubectl create job retry-1 --from=cronjob/builder -n ${builderNamespace}`;
  const drop = `drop:   kubectl create job abort-1 --from=cronjob/builder-abort -n ${builderNamespace}`;
  return installed && run.dns?.startedAt === undefined ? [again, drop] : [again];
}

/** When this builder stops and another goes on. */
export function interruptedLines(error: BuilderError, run: Run): string[] {
  const step = run.steps.find(({ status }) => status === "running")?.name ?? "the next step";
  return [
    `stopped: ${error.message} [${error.code}]`,
    `everything is saved; the next builder goes on with run ${run.runId} at ${step}`,
    ...(error.hint === undefined ? [] : [error.hint]),
  ];
}
