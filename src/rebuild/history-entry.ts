import type { HistoryEntry } from "../domain/history.ts";
import type { Run } from "./read-state.ts";

/** What the history keeps of a run that is over. */
export function historyEntry(run: Run): HistoryEntry {
  const {
    runId,
    release,
    phase,
    startedAt,
    finishedAt = startedAt,
    failure,
    gate,
    inputs,
    previous = [],
    harvest = {},
  } = run;
  const replaced = previous.filter((name) => name !== release);
  const lists = Object.values(harvest);
  if (phase === "running" || phase === "waiting-approval" || phase === "interrupted") {
    throw new TypeError(`run ${runId} is not over`);
  }
  return {
    runId,
    release,
    ...(replaced.length > 0 ? { replaced } : {}),
    phase,
    startedAt,
    finishedAt,
    failure: failure && { code: failure.code, message: failure.message, step: failure.step },
    results: gate?.results,
    ...(gate ? { gate } : {}),
    chartCommit: inputs?.chartCommit,
    dataSha256: inputs?.dataSha256,
    valuesDigest: inputs?.valuesDigest,
    secretsDigest: inputs?.secretsDigest,
    jobs: lists.reduce((sum, { jobs = 0 }) => sum + jobs, 0),
    endedJobs: lists.reduce((sum, { ended = 0 }) => sum + ended, 0),
    ...(lists.every(({ badCount }) => badCount !== undefined)
      ? { badJobs: lists.reduce((sum, { badCount = 0 }) => sum + badCount, 0) }
      : {}),
  };
}
