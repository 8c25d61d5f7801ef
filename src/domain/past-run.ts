/** What is kept of a run that is over, beside the history: enough for its report. */
import type { JobNames } from "./job-names.ts";
import { endedWellBy } from "./harvest-progress.ts";
import type { JobResult, PastRun } from "./attachments.ts";
import type { RunState } from "./run.ts";
import { shortened } from "./words.ts";

const maxRuns = 2;
const maxJobs = 300;
const maxName = 100;
const maxText = 400;
const maxDetails = 40;

/** The run with the `max` executions most worth showing, under the names that its data configuration gave the jobs. */
export function pastRunOf(
  run: RunState,
  results: readonly JobResult[],
  names: JobNames,
  max = maxJobs,
): PastRun {
  const jobs = worthShowing(results, max);
  const positions = new Map(
    (run.harvest ?? []).flatMap(({ name }) => [...(names.positions.get(name) ?? [])]),
  );
  const { failure } = run;
  return {
    run: {
      ...run,
      steps: run.steps.map((step) => ({ ...step, output: step.output?.slice(0, maxText) })),
      ...(failure && { failure: { ...failure, details: failure.details?.slice(0, maxDetails) } }),
    },
    jobs: jobs.toSorted(
      ([one], [other]) => (positions.get(one) ?? Infinity) - (positions.get(other) ?? Infinity) || 0,
    ),
    names: [...new Set(jobs.map(([job]) => job))].map((job) => [
      job,
      shortened(names.names.get(job) ?? job, maxName),
      positions.get(job) ?? 0,
    ]),
    totals: {
      jobs: results.length,
      records: results.reduce((sum, [, , , records]) => sum + records, 0),
      seconds: results.reduce((sum, [, , seconds]) => sum + seconds, 0),
    },
  };
}

function worthShowing(results: readonly JobResult[], max: number): JobResult[] {
  if (results.length <= max) return [...results];
  const weight = ([, , seconds, , exitCode]: JobResult) => (endedWellBy(exitCode) ? seconds : Infinity);
  const ranked = results.toSorted((one, other) => weight(other) - weight(one));
  const chosen = new Set(ranked.slice(0, max));
  return results.filter((result) => chosen.has(result));
}

/** The kept runs with one more; the same run is replaced. */
export function addPastRun(kept: readonly PastRun[], past: PastRun): PastRun[] {
  return [...kept.filter(({ run }) => run.runId !== past.run.runId), past].slice(-maxRuns);
}
