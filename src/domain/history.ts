/** What is remembered of runs that are over, newest last. */
import { z } from "zod";
import { gateSchema } from "./gate.ts";

export const historyEntrySchema = z.strictObject({
  runId: z.string(),
  release: z.string(),
  /** The releases that DNS pointed at when it began: ours by this record, whoever made them. */
  replaced: z.array(z.string()).optional(),
  phase: z.enum(["succeeded", "failed", "aborted", "rolled-back"]),
  startedAt: z.string(),
  finishedAt: z.string(),
  /** Code and message of what ended a run that did not go live. */
  failure: z.strictObject({ code: z.string(), message: z.string(), step: z.string().optional() }).optional(),
  /** totalResults of the portal when it was checked. */
  results: z.number().optional(),
  /** What the new site held against what was live. */
  gate: gateSchema.optional(),
  chartCommit: z.string().optional(),
  dataSha256: z.string().optional(),
  /** sha256 of the chart's values and of the secrets file: whether two runs were given the same. */
  valuesDigest: z.string().optional(),
  secretsDigest: z.string().optional(),
  /** Jobs of all lists, and how many of them had ended. */
  jobs: z.number().optional(),
  endedJobs: z.number().optional(),
  /** How many did not end well, of a harvest that came to its end. */
  badJobs: z.number().optional(),
});

export const historySchema = z.strictObject({
  schemaVersion: z.literal(1),
  runs: z.array(historyEntrySchema),
});

export type HistoryEntry = z.infer<typeof historyEntrySchema>;
export type History = z.infer<typeof historySchema>;

/** How many runs are remembered (contract.md, "What is in the cluster"). */
const runsRemembered = 20;

export const emptyHistory: History = { schemaVersion: 1, runs: [] };

/** The history with one more run; a run that is there already is replaced. */
export function addToHistory({ runs }: History, entry: HistoryEntry): History {
  const others = runs.filter(({ runId }) => runId !== entry.runId);
  return { schemaVersion: 1, runs: [...others, entry].slice(-runsRemembered) };
}

/** All releases that the runs have made or found live. */
export function recordedReleases({ runs }: History): string[] {
  return [...new Set(runs.flatMap(({ release, replaced = [] }) => [...replaced, release]))];
}

/** How long the last good runs took, in milliseconds, oldest first. */
export function goodDurations({ runs }: History): number[] {
  return runs
    .filter(({ phase }) => phase === "succeeded")
    .map(({ startedAt, finishedAt }) => Date.parse(finishedAt) - Date.parse(startedAt));
}
