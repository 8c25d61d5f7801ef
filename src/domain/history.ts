/** The runs that are over, newest last: each a part of its run document. */
import * as z from "zod";
import { median } from "./harvest-progress.ts";
import { currentStep, type Failure, finalPhases, replacedBy, runSchema, type RunState } from "./run.ts";

const listTotals = z.object({
  jobs: z.number(),
  /** How many of them had ended. */
  ended: z.number(),
  /** How many did not end well, of a harvest that came to its end. */
  bad: z.number().optional(),
});

const entrySchema = runSchema
  .pick({ runId: true, release: true, startedAt: true, failure: true, gate: true, approval: true })
  .extend({
    phase: z.enum(finalPhases),
    finishedAt: z.string(),
    reopened: z.number().optional(),
    /** The Job of the builder that ended it. */
    ...{ job: z.string().optional(), jobUid: z.string().optional() },
    /** The releases that DNS pointed at when it began. */
    replaced: z.array(z.string()).optional(),
    inputs: runSchema.shape.inputs.unwrap().partial().optional(),
    harvest: listTotals.optional(),
  });

export const historySchema = z.strictObject({ schemaVersion: z.literal(2), runs: z.array(entrySchema) });
export type History = z.infer<typeof historySchema>;
export type HistoryEntry = History["runs"][number];

const maxRuns = 20;

export const emptyHistory: History = { schemaVersion: 2, runs: [] };

/** The history with one more run; a run that is there already is replaced. */
export function addToHistory({ runs }: History, run: RunState): History {
  const others = runs.filter(({ runId }) => runId !== run.runId);
  return { schemaVersion: 2, runs: [...others, entryOf(run)].slice(-maxRuns) };
}

function entryOf(run: RunState): HistoryEntry {
  const { runId, release, startedAt, gate, approval, inputs, harvest = [], failure, reopened = [] } = run;
  const { job, jobUid } = run.builders.at(-1) ?? {};
  const replaced = replacedBy(run);
  const sum = (count: (list: (typeof harvest)[number]) => number) =>
    harvest.reduce((total, list) => total + count(list), 0);
  const isComplete = harvest.every(({ badCount }) => badCount !== undefined);
  return {
    ...{ runId, release, startedAt, inputs, gate, approval, job, jobUid },
    phase: run.phase as HistoryEntry["phase"],
    finishedAt: run.finishedAt ?? startedAt,
    ...(replaced.length > 0 && { replaced }),
    ...(reopened.length > 0 && { reopened: reopened.length }),
    ...(failure && { failure: pick(failure) }),
    ...(harvest.length > 0 && {
      harvest: {
        jobs: sum(({ jobs = 0 }) => jobs),
        ended: sum(({ ended = 0 }) => ended),
        ...(isComplete && { bad: sum(({ badCount = 0 }) => badCount) }),
      },
    }),
  };
}

function pick({ step, code, message, exitCode }: Failure): Failure {
  return { step, code, message, exitCode };
}

/**
 * How long the last good runs took, in milliseconds: the median; undefined where there was none. Days may lie between the
 * parts of a run that was opened again: it doesn't count.
 */
export function usualMs({ runs }: History): number | undefined {
  const good = runs.filter(({ phase, reopened }) => phase === "succeeded" && reopened === undefined);
  return median(good.map(({ startedAt, finishedAt }) => Date.parse(finishedAt) - Date.parse(startedAt)));
}

/** When a run should be over: in its harvest by the jobs that are left, else by how long earlier runs took as a whole. */
export function expectedEnd(run: RunState, history: History): string | undefined {
  const list = currentStep(run)?.name === "await-harvest" ? run.harvest?.at(-1) : undefined;
  if (list?.expectedAt !== undefined) return list.expectedAt;
  const usual = run.reopened ? undefined : usualMs(history);
  return usual === undefined ? undefined : new Date(Date.parse(run.startedAt) + usual).toISOString();
}
