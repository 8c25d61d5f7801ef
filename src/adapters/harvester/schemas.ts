/** The harvester's JSON, read leniently: null is absent, unknown fields are left alone. */
import * as z from "zod";
import type { HarvestExecution, HarvestJob, HarvestList } from "../../domain/harvest.ts";

const text = z
  .union([z.string(), z.number(), z.boolean()])
  .nullish()
  .transform((value) => value?.toString());
const count = z.coerce.number().nullish().catch(undefined);
const amount = count.transform((value) => value ?? 0);

/** Milliseconds of an epoch number, as the real program writes it, or of an ISO 8601 text. */
const instant = z
  .union([z.number(), z.string().transform((value) => Date.parse(value))])
  .nullish()
  .catch(undefined)
  .transform((ms) => (ms === null || Number.isNaN(ms) ? undefined : ms));

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

const exitStatus = z.object({ exitCode: text, exitDescription: text }).nullish().catch(undefined);

const stepSchema = z
  .object({
    stepName: text,
    exitStatus,
    readCount: amount,
    writeCount: amount,
    filterCount: amount,
    readSkipCount: amount,
    processSkipCount: amount,
    writeSkipCount: amount,
  })
  .transform(({ stepName = "", exitStatus: exit, readCount, writeCount, filterCount, ...skipped }) => ({
    name: stepName,
    exitCode: exit?.exitCode,
    exitDescription: exit?.exitDescription,
    readCount,
    writeCount,
    filterCount,
    skipCount: skipped.readSkipCount + skipped.processSkipCount + skipped.writeSkipCount,
  }));

const ranSchema = z
  .object({
    id: count,
    status: z.string(),
    startTime: instant,
    endTime: instant,
    exitStatus,
    stepExecutions: z.array(stepSchema).nullish().catch(undefined),
  })
  .transform((execution): HarvestExecution => {
    const steps = execution.stepExecutions ?? [];
    return {
      id: execution.id ?? undefined,
      status: execution.status,
      startedAt: execution.startTime,
      endedAt: execution.endTime,
      exitCode: execution.exitStatus?.exitCode,
      exitDescription: execution.exitStatus?.exitDescription,
      readCount: steps.reduce((sum, step) => sum + step.readCount, 0),
      writeCount: steps.reduce((sum, step) => sum + step.writeCount, 0),
      steps,
    };
  });

/** `{}` is a job that never ran, `null` one whose row is gone. */
const neverRan = z.union([z.null(), z.strictObject({})]).transform(() => undefined);
export const executionSchema = z.union([neverRan, ranSchema]);
