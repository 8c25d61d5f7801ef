/** What a report tells of one run: small enough that two of them are kept with the state. */
import { z } from "zod";
import { gateSchema } from "./gate.ts";

/** One execution of a job; several where it was run again. */
const reportJob = z.object({
  /** Place in its list, from 1. */
  position: z.number().optional(),
  id: z.string(),
  name: z.string(),
  exitCode: z.string(),
  seconds: z.number(),
  records: z.number(),
  /** When it began, in seconds since the run did. */
  from: z.number().optional(),
  /** The same job in an earlier run where it ended well. */
  before: z.object({ seconds: z.number(), records: z.number() }).optional(),
});

const reportList = z.object({
  name: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  expectedAt: z.string().optional(),
  jobs: z.number(),
  ended: z.number(),
  bad: z.number(),
  retries: z.number().optional(),
  rescued: z.boolean().optional(),
  current: z.string().optional(),
  /** Jobs that took far longer than usual; no seconds: still at it. */
  slow: z
    .array(z.object({ name: z.string(), seconds: z.number().optional(), usualSeconds: z.number() }))
    .optional(),
});

export const reportSchema = z.object({
  schemaVersion: z.literal(1),
  runId: z.string(),
  environment: z.string(),
  release: z.string(),
  phase: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  /** When this was written down. ISO time. */
  asOf: z.string(),
  /** How many builders have worked on it. */
  builders: z.number(),
  /** What was live before, without the run's own release. */
  previous: z.array(z.string()),
  steps: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      attempts: z.number(),
      startedAt: z.string().optional(),
      finishedAt: z.string().optional(),
      output: z.string().optional(),
    }),
  ),
  failure: z
    .object({
      step: z.string().optional(),
      code: z.string(),
      message: z.string(),
      details: z.array(z.string()).optional(),
      hint: z.string().optional(),
    })
    .optional(),
  /** What was given to the run: label and value, in the order to show them. */
  inputs: z.array(z.tuple([z.string(), z.string()])),
  gate: gateSchema.optional(),
  /** Container images of the site that was live and of the new one. */
  images: z
    .array(z.object({ container: z.string(), from: z.string().optional(), to: z.string().optional() }))
    .optional(),
  approval: z
    .object({ askedAt: z.string(), by: z.string().optional(), at: z.string().optional() })
    .optional(),
  dns: z.object({
    swappedAt: z.string().optional(),
    undoneAt: z.string().optional(),
    names: z.array(
      z.object({
        name: z.string(),
        before: z.string().optional(),
        after: z.string().optional(),
        ttlSeconds: z.number().optional(),
      }),
    ),
  }),
  lists: z.array(reportList),
  failed: z.array(
    z.object({
      position: z.number(),
      name: z.string(),
      exitCode: z.string(),
      reason: z.string().optional(),
    }),
  ),
  /** The executions that are told one by one, in the order of the list. */
  jobs: z.array(reportJob),
  /** Over all executions, also those that are not told one by one. */
  totals: z.object({ jobs: z.number(), records: z.number(), seconds: z.number() }),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportJob = z.infer<typeof reportJob>;
export type ReportList = z.infer<typeof reportList>;

/** How many finished runs have their report kept (newest last). */
const runsKept = 2;
/** How many executions of a run are told one by one. */
export const mostJobs = 300;

/** Whether a job's exit code is one of those that are fine (facts.md, 4 and 5). */
export function isWell({ exitCode }: Pick<ReportJob, "exitCode">): boolean {
  return exitCode === "COMPLETED" || exitCode === "NOT_MODIFIED" || exitCode === "NOOP";
}

/** The executions worth telling: those that did not end well, then the slowest; in the order they were given. */
export function worthTelling(jobs: readonly ReportJob[], most = mostJobs): ReportJob[] {
  if (jobs.length <= most) return [...jobs];
  const weight = (job: ReportJob) => (isWell(job) ? job.seconds : Infinity);
  const chosen = new Set(jobs.toSorted((one, other) => weight(other) - weight(one)).slice(0, most));
  return jobs.filter((job) => chosen.has(job));
}

/** The kept reports with one more; one of the same run is replaced. */
export function addReport(reports: readonly Report[], report: Report): Report[] {
  return [...reports.filter(({ runId }) => runId !== report.runId), report].slice(-runsKept);
}

/** The reports among values that were kept; what another version wrote otherwise is passed over. */
export function readReports(kept: unknown): Report[] {
  if (!Array.isArray(kept)) return [];
  return kept.flatMap((value) => {
    const { data } = reportSchema.safeParse(value);
    return data ? [data] : [];
  });
}
