/** The harvester's JSON, read leniently: null is absent, unknown fields are left alone. */
import * as z from "zod";
import type { HarvestExecution, HarvestJob, HarvestList } from "../../domain/harvest.ts";

const text = z
  .union([z.string(), z.number(), z.boolean()])
  .nullish()
  .transform((value) => value?.toString());
const word = text.transform((value) => value ?? "");
const count = z.coerce
  .number()
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? undefined);
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
    description: word,
    jobName: word,
    jobStatus: text,
    jobExitCode: text,
    lastJobExecution: count,
  })
  .transform(
    ({ jobStatus: status, jobExitCode: exitCode, lastJobExecution: lastExecution, ...job }): HarvestJob => ({
      ...{ ...job, status, exitCode, lastExecution },
    }),
  );

export const listSchema = z
  .object({
    id: z.coerce.number(),
    identifier: z.coerce.string(),
    description: word,
    status: text,
    nextRun: text,
    currentJob: count,
    jobConfigurations: z.array(jobSchema).nullish(),
  })
  .transform(({ status, nextRun, currentJob, jobConfigurations, ...list }): HarvestList => ({
    ...{ ...list, status, nextRun, currentJob, jobs: jobConfigurations ?? [] },
  }));

const exitStatus = z
  .object({ exitCode: text, exitDescription: text })
  .nullish()
  .catch(undefined)
  .transform((exit) => exit ?? { exitCode: undefined, exitDescription: undefined });

const stepSchema = z
  .object({
    stepName: word,
    exitStatus,
    readCount: amount,
    writeCount: amount,
    filterCount: amount,
    readSkipCount: amount,
    processSkipCount: amount,
    writeSkipCount: amount,
  })
  .transform(({ stepName: name, exitStatus: exit, readCount, writeCount, filterCount, ...skipped }) => ({
    ...{ name, ...exit, readCount, writeCount, filterCount },
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
  .transform(({ id, status, startTime, endTime, exitStatus: exit, stepExecutions }): HarvestExecution => {
    const steps = stepExecutions ?? [];
    return {
      ...{ id, status, startedAt: startTime, endedAt: endTime, ...exit, steps },
      readCount: steps.reduce((sum, step) => sum + step.readCount, 0),
      writeCount: steps.reduce((sum, step) => sum + step.writeCount, 0),
    };
  });

/** `{}` is a job that never ran, `null` one whose row is gone. */
const neverRan = z.union([z.null(), z.strictObject({})]).transform(() => undefined);
export const executionSchema = z.union([neverRan, ranSchema]);
