/** The runs that are over, newest last: each a part of its run document. */
import { z } from "zod";
import { median } from "./harvest-progress.ts";
import { currentStep, replacedBy, runSchema, type RunState } from "./run.ts";

const listTotals = z.object({
  jobs: z.number(),
  /** How many of them had ended. */
  ended: z.number(),
  /** How many did not end well, of a harvest that came to its end. */
  bad: z.number().optional(),
});

const entrySchema = runSchema
  .pick({ runId: true, release: true, startedAt: true, failure: true, gate: true })
  .extend({
    phase: z.enum(["succeeded", "failed", "aborted", "rolled-back"]),
    finishedAt: z.string(),
    /** The releases that DNS pointed at when it began. */
    replaced: z.array(z.string()).optional(),
    inputs: runSchema.shape.inputs.unwrap().partial().optional(),
    harvest: listTotals.optional(),
  });

export const historySchema = z.strictObject({ schemaVersion: z.literal(2), runs: z.array(entrySchema) });
export type History = z.infer<typeof historySchema>;
export type HistoryEntry = History["runs"][number];

/** How many runs are remembered. */
const maxRuns = 20;

export const emptyHistory: History = { schemaVersion: 2, runs: [] };

/** The history with one more run; a run that is there already is replaced. */
export function addToHistory({ runs }: History, run: RunState): History {
  const others = runs.filter(({ runId }) => runId !== run.runId);
  return { schemaVersion: 2, runs: [...others, entryOf(run)].slice(-maxRuns) };
}

function entryOf(run: RunState): HistoryEntry {
  const { runId, release, startedAt, gate, inputs, harvest = [], failure } = run;
  const replaced = replacedBy(run);
  const sum = (count: (list: (typeof harvest)[number]) => number) =>
    harvest.reduce((total, list) => total + count(list), 0);
  const isComplete = harvest.every(({ badCount }) => badCount !== undefined);
  return {
    ...{ runId, release, startedAt, inputs, gate },
    phase: run.phase as HistoryEntry["phase"],
    finishedAt: run.finishedAt ?? startedAt,
    ...(replaced.length > 0 && { replaced }),
    ...(failure && { failure: { step: failure.step, code: failure.code, message: failure.message } }),
    ...(harvest.length > 0 && {
      harvest: {
        jobs: sum(({ jobs = 0 }) => jobs),
        ended: sum(({ ended = 0 }) => ended),
        ...(isComplete && { bad: sum(({ badCount = 0 }) => badCount) }),
      },
    }),
  };
}

/** How long the last good runs took, in milliseconds: the median; undefined where there was none. */
export function usualMs({ runs }: History): number | undefined {
  const good = runs.filter(({ phase }) => phase === "succeeded");
  return median(good.map(({ startedAt, finishedAt }) => Date.parse(finishedAt) - Date.parse(startedAt)));
}

/** When a run should be over: in its harvest by the jobs that are left, else by how long earlier runs took as a whole. */
export function expectedEnd(run: RunState, history: History): string | undefined {
  const list = currentStep(run)?.name === "await-harvest" ? run.harvest?.at(-1) : undefined;
  const usual = usualMs(history);
  const byHistory = usual === undefined ? undefined : Date.parse(run.startedAt) + usual;
  return list?.expectedAt ?? (byHistory === undefined ? undefined : new Date(byHistory).toISOString());
}
