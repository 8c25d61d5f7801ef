/** What the report shows of a run: a view of its document and its executions. */
import { addressRecord } from "./dns-plan.ts";
import { endedWellBy } from "./harvest-progress.ts";
import type { PastRun } from "./attachments.ts";
import { replacedBy, type RunState } from "./run.ts";
import { date } from "./words.ts";

/** What a page may load: nothing, whatever a text in it may hold. */
export const contentPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** What a page says that is made anew while the run is under way: the status in words, and how far it is, from 0 to 1. */
export interface Now {
  rows: (readonly [title: string, text: string])[];
  share: number;
}

export type Report = ReturnType<typeof reportOf> & { now?: Now };
export type ReportJob = Report["jobs"][number];

/** The view of a run; `kept` are other runs to compare its jobs with, `now` in milliseconds since the epoch. */
export function reportOf(
  { run, jobs: results, names, totals }: PastRun,
  kept: readonly PastRun[],
  now: number,
) {
  const known = new Map(names.map(([job, name, position]) => [job, { name, position }]));
  const nameOf = (job: string) => known.get(job)?.name ?? job;
  const earlier = kept.filter((past) => past.run.runId !== run.runId).toReversed();
  const began = Date.parse(run.startedAt) / 1000;
  const jobs = results.map(([id, , seconds, records, exitCode, startedAt]) => ({
    /** Place in its list, from 1. */
    position: known.get(id)?.position || undefined,
    ...{ id, name: nameOf(id), exitCode, seconds, records },
    /** When it began, in seconds since the run did. */
    from: startedAt === undefined ? undefined : Math.round(startedAt - began),
    before: lastGood(earlier, id),
  }));
  const lists = (run.harvest ?? []).map((list) => ({
    ...{ name: list.name, startedAt: list.startedAt, endedAt: list.endedAt, expectedAt: list.expectedAt },
    ...{ jobs: list.jobs ?? 0, ended: list.ended ?? 0, bad: list.badCount ?? 0 },
    ...{ retries: list.retries, rescued: list.rescued, current: list.current },
    /** Jobs that took far longer than usual; no seconds: still running. */
    slow: list.slow?.map(({ identifier, usualSeconds }) => ({
      ...{ name: nameOf(identifier), usualSeconds },
      seconds: jobs.findLast(({ id }) => id === identifier)?.seconds,
    })),
  }));
  return {
    ...{ runId: run.runId, environment: run.environment, release: run.release, phase: run.phase },
    ...{ startedAt: run.startedAt, finishedAt: run.finishedAt, steps: run.steps, failure: run.failure },
    ...{ gate: run.gate, images: run.images, approval: run.approval },
    /** When this was looked at. ISO time. */
    asOf: new Date(now).toISOString(),
    /** How many builders have worked on it. */
    builders: run.builders.length,
    previous: replacedBy(run),
    inputs: inputsOf(run),
    dns: dnsOf(run),
    ...{ lists, jobs, totals },
    failed: (run.harvest ?? [])
      .flatMap(({ bad = [] }) => bad)
      .map(({ position, identifier, description, exitCode, reason }) => ({
        ...{ position, name: description || identifier, exitCode, reason },
      })),
  };
}

/** The same job in the last kept run where it ended well and had something new. */
function lastGood(earlier: readonly PastRun[], job: string) {
  for (const { jobs } of earlier) {
    const found = jobs.find(
      ([id, , , , exitCode]) => id === job && endedWellBy(exitCode) && exitCode !== "NOT_MODIFIED",
    );
    if (found) return { seconds: found[2], records: found[3] };
  }
  return undefined;
}

/** Label and value, in the order to show them. */
function inputsOf({ inputs }: RunState): [string, string][] {
  if (!inputs) return [];
  return [
    ["Chart", `${inputs.chartVersion} at ${inputs.chartCommit}`],
    ["Chart source", `${inputs.chartSource} ${inputs.chartRef}`.trim()],
    ["Values", inputs.valuesDigest],
    ["Secrets", inputs.secretsDigest],
    ["Data", inputs.dataUrl],
    ["Data sha256", inputs.dataSha256],
  ];
}

function dnsOf({ dns, pinned }: RunState) {
  const { before = [], written = [], swappedAt, undoneAt } = dns ?? {};
  const names = (pinned?.mappings ?? []).map((mapping) => {
    const record = addressRecord(before, mapping);
    return {
      ...{ name: mapping.name, before: record?.rrdatas.join(", "), ttlSeconds: record?.ttlSeconds },
      after: written.find(({ name }) => name === mapping.name)?.addresses.at(-1),
    };
  });
  return { swappedAt, undoneAt, names };
}

/** Who let the run go live, and when that was asked for. */
export function approvalText({ askedAt, by = "somebody", at }: NonNullable<RunState["approval"]>): string {
  const asked = `asked for on ${date(askedAt)} UTC`;
  return at ? `by ${by} on ${date(at)} UTC (${asked})` : `not given (${asked})`;
}
