/** What the steps remember of a run, beside the engine's own record, in one document (contract.md, run.json). */
import { z } from "zod";
import { acceptanceSchema, gateSchema } from "./gate.ts";

const recordSet = z.strictObject({
  zone: z.string(),
  name: z.string(),
  type: z.string(),
  ttlSeconds: z.number(),
  rrdatas: z.array(z.string()),
});

const inputs = z.strictObject({
  chartSource: z.string(),
  chartRef: z.string(),
  chartCommit: z.string(),
  chartVersion: z.string(),
  valuesDigest: z.string(),
  secretsDigest: z.string(),
  /** Credentials in it are hidden. */
  dataUrl: z.string(),
  dataSha256: z.string(),
});

const pinned = z.strictObject({
  mappings: z.array(z.strictObject({ zone: z.string(), name: z.string(), service: z.string() })),
  jobLists: z.array(z.string()),
});

const swap = z.strictObject({
  /** The record sets of the mapped names as preflight found them. */
  before: z.array(recordSet),
  /** Intent: from here on names may point at the new release. ISO time. */
  startedAt: z.string().optional(),
  /** All names point at the new release since. */
  swappedAt: z.string().optional(),
  /** Changes that Cloud DNS had accepted but not yet told its servers. */
  pending: z.array(z.strictObject({ zone: z.string(), id: z.string() })).optional(),
  /** DNS_SWAP_TTL: since when the records have a lower TTL, and which. */
  lowered: z.strictObject({ at: z.string(), ttlSeconds: z.number() }).optional(),
  /** How long resolvers may hold the old addresses, in seconds: the largest old TTL. */
  oldTtlSeconds: z.number().optional(),
  /** Intent: the names are being put back, and the error that the run ends with then. */
  undoing: z
    .strictObject({
      kind: z.enum(["failed", "refused"]),
      code: z.string(),
      message: z.string(),
      details: z.array(z.string()),
      hint: z.string().optional(),
    })
    .optional(),
  /** The names were put back. */
  undoneAt: z.string().optional(),
});

const badJob = z.strictObject({
  position: z.number(),
  identifier: z.string(),
  description: z.string(),
  exitCode: z.string(),
  reason: z.string().optional(),
});

/** Jobs that are run one at a time beside the list: after a wedge, or because they had failed. */
const jobQueue = z.strictObject({
  reason: z.enum(["rescue", "retry"]),
  /** Positions in the list, from 0, in the order to run. */
  remaining: z.array(z.number()),
  /** Intent: the job that is about to be started, and its last execution before that. */
  current: z
    .strictObject({ position: z.number(), lastExecution: z.number().optional(), attempt: z.number() })
    .optional(),
});

const listState = z.strictObject({
  /** Intent: the list is about to be started. ISO time. */
  intentAt: z.string().optional(),
  /** `nextRun` before that; another value now says the call arrived. */
  nextRunBefore: z.string().optional(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  /** The harvester's pod and its restarts when the list was started: another value means that it died. */
  pod: z.string().optional(),
  queue: jobQueue.optional(),
  /** How often failed jobs have been run again. */
  retries: z.number().optional(),
  /** The list itself will not move again: what is left was run job by job. */
  rescued: z.boolean().optional(),
  jobs: z.number().optional(),
  /** How many jobs have ended, and been reported. */
  ended: z.number().optional(),
  current: z.string().optional(),
  currentSince: z.string().optional(),
  records: z.number().optional(),
  /** Jobs that took far longer than usual, with what is usual in seconds; each is told once. */
  slow: z.array(z.strictObject({ identifier: z.string(), usualSeconds: z.number() })).optional(),
  /** When the list should be over, by earlier runs. ISO time. */
  expectedAt: z.string().optional(),
  bad: z.array(badJob).optional(),
  badCount: z.number().optional(),
});

export const runStateShape = {
  runId: z.string(),
  environment: z.string(),
  release: z.string(),
  inputs: inputs.optional(),
  /** Container images of the live release and of the new one. */
  images: z
    .array(z.strictObject({ container: z.string(), from: z.string().optional(), to: z.string().optional() }))
    .optional(),
  /** What preflight checked everything against: a run ends with the names and lists that it began with. */
  pinned: pinned.optional(),
  /** Releases of earlier runs, from the history: what may be recognised as ours without labels. */
  known: z.array(z.string()),
  /** Releases that DNS pointed at when the run began: what the swap leaves behind. */
  previous: z.array(z.string()).optional(),
  dns: swap.optional(),
  /** Set when the release must be removed and installed again under its name. */
  reinstall: z.string().nullable().optional(),
  /** Address of each mapped service of the new release. */
  addresses: z.record(z.string(), z.string()).optional(),
  /** Intent of the import. ISO time. */
  importAt: z.string().optional(),
  harvest: z.record(z.string(), listState).optional(),
  gate: gateSchema.optional(),
  /** What a person accepted before the run began. */
  acceptance: acceptanceSchema.optional(),
  approval: z
    .strictObject({ askedAt: z.string(), by: z.string().optional(), at: z.string().optional() })
    .optional(),
  /** Notifications that were sent, or were about to be when the builder died. */
  notified: z.array(z.string()).optional(),
};

export const runStateSchema = z.strictObject(runStateShape);
export type RunState = z.infer<typeof runStateSchema>;
export type ListState = z.infer<typeof listState>;
export type JobQueue = z.infer<typeof jobQueue>;
export type BadJob = z.infer<typeof badJob>;
export type Inputs = z.infer<typeof inputs>;
