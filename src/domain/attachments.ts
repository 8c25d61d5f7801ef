/** What is kept beside the run document. */
import * as z from "zod";
import { runSchema } from "./run.ts";

const text = z.string();

/** One execution of a job: what tells how a list got on, and what the next run is compared with. */
export const jobResultSchema = z.tuple([
  text, // identifier
  z.number(), // execution: a job that is run again counts as new
  z.number(), // seconds
  z.number(), // records
  text, // exit code
  z.number().optional(), // when it began, in seconds since the epoch
]);
export type JobResult = z.infer<typeof jobResultSchema>;

export const evidenceSchema = z.object({ release: text, takenAt: text, lines: z.array(text) });
/** What was seen of a release when its run ended badly: what an operator would have looked at. */
export type Evidence = z.infer<typeof evidenceSchema>;

/** What is kept beside the run document, each in a compressed entry of its own. Lists, not objects: names may be any text. */
export interface Attachments {
  /** This run's executions, in the order they ended. */
  jobs: JobResult[];
  /** Seconds that each job took in earlier good runs, newest last. */
  timings: [job: string, seconds: number[]][];
  /** Records that each job brought in the last run that went live. */
  records: [job: string, records: number][];
  /** The last runs that are over, with their executions under the names of the jobs; newest last. */
  past: PastRun[];
  /** Of the last releases that failed, newest last. */
  evidence: Evidence[];
  /** The run before, until this one installs something: a run that ends earlier gives its place back to it. */
  displaced?: Displaced | null;
}

/** What is kept of a run that another has taken the place of, for the case that it gets it back. */
export const displacedSchema = z.object({ run: runSchema, jobs: z.array(jobResultSchema) });
type Displaced = z.infer<typeof displacedSchema>;

export const pastRunSchema = z.object({
  run: runSchema,
  /** Executions that are shown one by one. */
  jobs: z.array(jobResultSchema),
  /** What the data configuration calls them, and their place in the list from 1. */
  names: z.array(z.tuple([text, text, z.number()])),
  totals: z.object({ jobs: z.number(), records: z.number(), seconds: z.number() }),
});
export type PastRun = z.infer<typeof pastRunSchema>;
