/** The rules of `retry`: which run may be opened again, what of it can be accepted, and what it goes on with; pure. */
import { verbCommand } from "./commands.ts";
import { addressRecord } from "./dns-plan.ts";
import type { RecordSet } from "./dns-records.ts";
import { type Acceptance, shortfalls } from "./gate.ts";
import type { Attachments } from "./attachments.ts";
import {
  currentStep,
  type Failure,
  hasChangedDns,
  lastOpening,
  type ListState,
  type Opening,
  replacedBy,
  type RunState,
  type SwapState,
  wasInstalled,
} from "./run.ts";

const finalCodes = new Set(["DATABASE_LOST", "RELEASE_GONE", "NAMESPACE_TAKEN"]);
const maxOpenings = 20;
/** Where a run goes on that was rolled back, whatever step it had come to. */
const swapStep = "swap-dns";

/** Why a run that is over can't be opened again, in words; undefined: it can, if its release is still there. */
export function whyNotReopen(run: RunState): string | undefined {
  const { runId, phase, failure } = run;
  if (phase === "succeeded") return `run ${runId} has succeeded`;
  if (phase === "aborted") return `run ${runId} was aborted`;
  if (!wasInstalled(run)) return `run ${runId} ended before it installed anything`;
  if (failure && finalCodes.has(failure.code))
    return `run ${runId} can't go on: ${failure.message} [${failure.code}]`;
  return undefined;
}

/**
 * What `--accept` lets through of a failed run: the jobs or counts that it has recorded, or, of records that somebody else
 * changed, nothing beyond what every opening takes as it is. A text where that failure can't be accepted.
 */
export function acceptOf(
  { failure, gate }: Pick<RunState, "failure" | "gate">,
  reason: string,
  jobs: Attachments["jobs"],
): NonNullable<Opening["accepts"]> | string {
  switch (failure?.code) {
    case "DNS_CHANGED":
      return { reason };
    case "HARVEST_JOBS_FAILED":
      return { reason, executions: jobs.length };
    case "GATE_RESULTS":
    case "GATE_COUNTS": {
      if (!gate || gate.results === 0) return "a site without any results can't be accepted";
      return {
        reason,
        counts: shortfalls(gate).flatMap(({ key: kind, found }) =>
          found === undefined ? [] : [{ kind, found }],
        ),
      };
    }
    default:
      return unacceptable(failure);
  }
}

function unacceptable(failure: Failure | undefined): string {
  const what = failure ? `${failure.message} [${failure.code}]` : "the run did not fail: it was rolled back";
  return `only failed jobs, counts and changed records can be accepted; ${what}`;
}

/** What is live when a run is opened again. */
export interface LiveNow {
  releases: readonly string[];
  records: readonly RecordSet[];
  /** Whose the addresses of the records are. */
  owners: NonNullable<SwapState["owners"]>;
}

/** The run as it goes on: at the step that failed, with live and records pinned anew, and nothing of the last swap. */
export function reopen(run: RunState, opening: Opening, live: LiveNow): RunState {
  const { finishedAt, failure, approval, stuckSince, ...kept } = run;
  const from = (run.dns?.undoneAt === undefined && failedStep(run, opening)) || swapStep;
  const index = run.steps.findIndex(({ name }) => name === from);
  const isMoved = hasChangedDns(run);
  const replaced = [...live.releases, ...(isMoved ? replacedBy(run) : [])];
  return {
    ...kept,
    phase: "running",
    steps: run.steps.map((step, position) =>
      position < index ? step : { name: step.name, status: "pending", attempts: step.attempts },
    ),
    notified: [],
    reopened: [...(run.reopened ?? []), opening].slice(-maxOpenings),
    ...(run.harvest && { harvest: run.harvest.map(reopenList) }),
    // Before preflight had pinned anything there is nothing to pin anew. A swap under way is carried to its end.
    ...(run.dns && {
      previous: [...new Set(replaced)].filter((name) => name !== run.release).sort(),
      dns: isMoved ? run.dns : pinAnew(run.dns, live),
    }),
  };
}

/** Too little was found, and jobs that were tolerated may be why: they are run again first. */
function failedStep(run: RunState, { accepts }: Opening): string | undefined {
  const isForJobs = !accepts && /^GATE_(RESULTS|COUNTS|SENTINELS)$/.test(run.failure?.code ?? "");
  return isForJobs && run.harvest?.some(({ badCount = 0 }) => badCount > 0)
    ? "await-harvest"
    : currentStep(run)?.name;
}

/** The records as they are now; of the last swap only what resolvers may still hold, and TTLs that it had lowered. */
function pinAnew({ before, oldTtlSeconds, lowered }: SwapState, { records, owners }: LiveNow): SwapState {
  const pinned = records.filter(({ type }) => type === "A");
  return {
    before: pinned.map((record) =>
      lowered?.ttlSeconds === record.ttlSeconds
        ? { ...record, ttlSeconds: addressRecord(before, record)?.ttlSeconds ?? record.ttlSeconds }
        : record,
    ),
    owners,
    ...(oldTtlSeconds !== undefined && { oldTtlSeconds }),
    ...(lowered && { lowered }),
  };
}

/** A list is not started again; what is left of it is followed, and failed jobs are run again. */
function reopenList({ endedAt, bad, badCount, accepted, retries, queue, ...kept }: ListState): ListState {
  const current = queue?.current && { ...queue.current, attempt: 1 };
  return { ...kept, ...(queue && { queue: { ...queue, current } }) };
}

/** What a person has accepted when the run was last opened again, with the lines that say what it was; undefined: nothing. */
export function acceptanceOf(run: RunState, what: readonly string[]): Acceptance | undefined {
  const opening = lastOpening(run);
  if (!opening?.accepts) return undefined;
  const { by, at, accepts } = opening;
  return { reason: accepts.reason, by, at, what: what.map((line) => line.trim()) };
}

/** What to type to open a run again; no Job's name is used twice. */
export function retryCommand({ reopened = [] }: RunState, namespace: string | undefined): string {
  return verbCommand("retry", namespace, `retry-${reopened.length + 1}`);
}
