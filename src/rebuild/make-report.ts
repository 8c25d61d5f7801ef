/** The report of a run, from what is stored of it. */
import type { Settings } from "../config/settings.ts";
import { addressRecord } from "../domain/dns-plan.ts";
import type { ListState } from "../domain/run-state.ts";
import { isWell, type Report, type ReportJob, worthTelling } from "../domain/report.ts";
import {
  jobOfKey,
  type JobResults,
  pinnedJobs,
  resultsAttachment,
  unpack,
} from "../steps/harvest/list-memory.ts";
import { dataAttachment } from "../steps/load-data.ts";
import type { Run } from "./read-state.ts";

const longestName = 100;
const longestText = 400;
const mostDetails = 40;

export interface ReportSources {
  run: Run;
  attachments: Readonly<Record<string, Uint8Array>>;
  mappings: Settings["mappings"];
  /** Reports of other runs, oldest first: to compare jobs with. */
  earlier: readonly Report[];
  /** Milliseconds since the epoch. */
  now: number;
  /** Hides secrets in a text. */
  redact: (text: string) => string;
}

/** The whole report, secrets left out. */
export function makeReport(sources: ReportSources): Report {
  const { run, now, redact } = sources;
  const { runId, environment, release, phase, startedAt, finishedAt, steps, failure, gate, approval } = run;
  const jobs = jobsOf(sources);
  const told: Report = {
    schemaVersion: 1,
    ...{ runId, environment, release, phase, startedAt },
    ...(finishedAt === undefined ? {} : { finishedAt }),
    asOf: new Date(now).toISOString(),
    builders: run.builders.length,
    previous: (run.previous ?? []).filter((name) => name !== release),
    steps,
    ...(failure ? { failure: { ...failure, details: failure.details?.slice(0, mostDetails) } } : {}),
    inputs: inputsOf(run),
    ...(gate ? { gate } : {}),
    ...(run.images ? { images: run.images } : {}),
    ...(approval ? { approval } : {}),
    dns: dnsOf(sources),
    lists: listsOf(sources, jobs),
    failed: failedOf(sources),
    jobs: worthTelling(jobs),
    totals: {
      jobs: jobs.length,
      records: jobs.reduce((sum, { records }) => sum + records, 0),
      seconds: jobs.reduce((sum, { seconds }) => sum + seconds, 0),
    },
  };
  return hideDeep(told, redact) as Report;
}

function inputsOf({ inputs }: Run): [string, string][] {
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

function dnsOf({ run, mappings }: ReportSources): Report["dns"] {
  const { before = [], swappedAt, undoneAt } = run.dns ?? {};
  const mapped = mappings.map((mapping) => {
    const record = addressRecord(before, mapping);
    const after = run.addresses?.[mapping.service];
    return {
      name: mapping.name,
      ...(record ? { before: record.rrdatas.join(", "), ttlSeconds: record.ttlSeconds } : {}),
      ...(after === undefined ? {} : { after }),
    };
  });
  return {
    ...(swappedAt === undefined ? {} : { swappedAt }),
    ...(undoneAt === undefined ? {} : { undoneAt }),
    names: mapped.filter((name) => name.before !== undefined || name.after !== undefined),
  };
}

function listsOf({ run: { harvest = {} } }: ReportSources, jobs: readonly ReportJob[]): Report["lists"] {
  const slowOf = ({ slow }: ListState) =>
    slow?.map(({ identifier, usualSeconds }) => {
      const job = jobs.findLast(({ id }) => id === identifier);
      return { name: job?.name ?? identifier, seconds: job?.seconds, usualSeconds };
    });
  return Object.entries(harvest).map(([name, list]) => ({
    name,
    startedAt: list.startedAt,
    endedAt: list.endedAt,
    expectedAt: list.expectedAt,
    jobs: list.jobs ?? 0,
    ended: list.ended ?? 0,
    bad: list.badCount ?? 0,
    retries: list.retries,
    rescued: list.rescued,
    current: list.current,
    slow: slowOf(list),
  }));
}

function failedOf({ run, redact }: ReportSources): Report["failed"] {
  return Object.values(run.harvest ?? {})
    .flatMap(({ bad = [] }) => bad)
    .map(({ position, identifier, description, exitCode, reason }) => ({
      position,
      name: short(redact(description || identifier), longestName),
      exitCode,
      ...(reason === undefined ? {} : { reason }),
    }));
}

/** Every execution, in the order of the lists; those of one job in their own order. */
function jobsOf({ run, attachments, earlier, redact }: ReportSources): ReportJob[] {
  const results = unpack(attachments[resultsAttachment]) as JobResults;
  const { descriptions, positions } = configured(attachments[dataAttachment], Object.keys(run.harvest ?? {}));
  const began = Date.parse(run.startedAt) / 1000;
  const known = [...earlier].reverse().filter(({ runId }) => runId !== run.runId);
  return Object.entries(results)
    .map(([key, [seconds, records, exitCode, startedAt]]): ReportJob => {
      const id = jobOfKey(key);
      const position = positions.get(id);
      const before = known
        .flatMap(({ jobs }) => jobs)
        .find((job) => job.id === id && isWell(job) && job.exitCode !== "NOT_MODIFIED");
      return {
        ...(position === undefined ? {} : { position }),
        id,
        name: short(redact(descriptions.get(id) ?? id), longestName),
        ...{ exitCode, seconds, records },
        ...(startedAt === undefined ? {} : { from: Math.round(startedAt - began) }),
        ...(before ? { before: { seconds: before.seconds, records: before.records } } : {}),
      };
    })
    .sort((one, other) => (one.position ?? Infinity) - (other.position ?? Infinity) || 0);
}

interface Configured {
  descriptions: Map<string, string>;
  positions: Map<string, number>;
}

/** What the pinned data configuration says of jobs; the report goes without where it can't be read. */
function configured(bytes: Uint8Array | undefined, lists: readonly string[]): Configured {
  const found: Configured = { descriptions: new Map(), positions: new Map() };
  try {
    const data = pinnedJobs(bytes);
    for (const { identifier, description } of data.jobConfigurations)
      if (description) found.descriptions.set(identifier, description);
    for (const { identifier, jobConfigurations } of data.jobLists) {
      if (!lists.includes(identifier)) continue;
      jobConfigurations.forEach((id, index) => found.positions.set(id, index + 1));
    }
  } catch {
    // names are a courtesy
  }
  return found;
}

/** Only of what is redacted already: half a secret would not be known for one. */
function short(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** The same tree with every text redacted and bounded, and without what is undefined. */
function hideDeep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return short(redact(value), longestText);
  if (Array.isArray(value)) return value.map((item) => hideDeep(item, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, hideDeep(item, redact)]),
  );
}
