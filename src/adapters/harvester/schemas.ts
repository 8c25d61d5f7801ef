/** The harvester's JSON (facts.md, 5), read leniently: null is absent, unknown fields are left alone. */
import { z } from "zod";
import type { HarvestExecution, HarvestJob, HarvestList } from "../../domain/harvest.ts";

const text = z
  .union([z.string(), z.number(), z.boolean()])
  .nullish()
  .transform((value) => value?.toString());
const count = z.coerce.number().nullish().catch(undefined);

/** Milliseconds of an epoch number, ISO 8601 (without a zone: UTC), or Jackson's [year, month, day, …]. */
const instant = z
  .union([z.number(), z.string(), z.array(z.number()).min(3)])
  .nullish()
  .catch(undefined)
  .transform(toMs);

export function toMs(value: number | string | number[] | null | undefined): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "number") return value;
  if (Array.isArray(value)) {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, nanos = 0] = value;
    return Date.UTC(year, month - 1, day, hour, minute, second, Math.floor(nanos / 1e6));
  }
  if (/^\d+$/.test(value)) return Number(value);
  const local = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(value);
  const ms = Date.parse(local ? `${value}Z` : value.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(ms) ? undefined : ms;
}

const jobSchema = z
  .object({
    id: z.coerce.number(),
    identifier: z.coerce.string(),
    description: text,
    jobName: text,
    jobStatus: text,
    jobExitCode: text,
    lastJobExecution: count,
  })
  .transform((job): HarvestJob => ({
    id: job.id,
    identifier: job.identifier,
    description: job.description ?? "",
    jobName: job.jobName ?? "",
    status: job.jobStatus,
    exitCode: job.jobExitCode,
    lastExecution: job.lastJobExecution ?? undefined,
  }));

export const listSchema = z
  .object({
    id: z.coerce.number(),
    identifier: z.coerce.string(),
    description: text,
    status: text,
    nextRun: text,
    currentJob: count,
    jobConfigurations: z.array(jobSchema).nullish(),
  })
  .transform((list): HarvestList => ({
    id: list.id,
    identifier: list.identifier,
    description: list.description ?? "",
    status: list.status,
    nextRun: list.nextRun,
    currentJob: list.currentJob ?? undefined,
    jobs: list.jobConfigurations ?? [],
  }));

/** `{}` is a job that never ran. */
export const executionSchema = z
  .object({
    id: count,
    status: text,
    startTime: instant,
    endTime: instant,
    exitStatus: z.object({ exitCode: text, exitDescription: text }).nullish().catch(undefined),
    stepExecutions: z
      .array(z.object({ readCount: count, writeCount: count }))
      .nullish()
      .catch(undefined),
  })
  .transform((execution): HarvestExecution | undefined => {
    if (execution.status === undefined) return undefined;
    const steps = execution.stepExecutions ?? [];
    return {
      id: execution.id ?? undefined,
      status: execution.status,
      startedAt: execution.startTime,
      endedAt: execution.endTime,
      exitCode: execution.exitStatus?.exitCode,
      exitDescription: execution.exitStatus?.exitDescription,
      readCount: steps.reduce((sum, step) => sum + (step.readCount ?? 0), 0),
      writeCount: steps.reduce((sum, step) => sum + (step.writeCount ?? 0), 0),
    };
  });
