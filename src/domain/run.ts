/** The run document (run.json), as one schema: everything else that tells of a run is a view of it. */
import * as z from "zod";
import { acceptanceSchema, gateSchema } from "./gate.ts";

/** The version of run.json that this program writes; an older one is migrated when it is read. */
export const schemaVersion = 2;

const text = z.string();
const optionalText = text.optional();

const recordSetSchema = z.strictObject({
  zone: text,
  name: text,
  type: text,
  ttlSeconds: z.number(),
  rrdatas: z.array(text),
});

const stepSchema = z.strictObject({
  name: text,
  status: z.enum(["pending", "running", "done", "failed", "skipped"]),
  /** How often the step was begun, over all builders. */
  attempts: z.number(),
  startedAt: optionalText,
  finishedAt: optionalText,
  /** One line for people. */
  output: optionalText,
});

const failureSchema = z.strictObject({
  step: optionalText,
  code: text,
  message: text,
  details: z.array(text).optional(),
  hint: optionalText,
  /** What the builder said to its Job. */
  exitCode: z.number().optional(),
});

const inputsSchema = z.strictObject({
  chartSource: text,
  chartRef: text,
  chartCommit: text,
  chartVersion: text,
  valuesDigest: text,
  secretsDigest: text,
  /** Credentials in it are hidden. */
  dataUrl: text,
  dataSha256: text,
});

const swapSchema = z.strictObject({
  /** The record sets of the mapped names as preflight found them. */
  before: z.array(recordSetSchema),
  /** Whose those addresses were: a release's load balancer may have moved when its names are put back. */
  owners: z.array(z.strictObject({ name: text, release: text })).optional(),
  /** Intent: from here on names may point at the new release. */
  startedAt: optionalText,
  /** All names point at the new release since. */
  swappedAt: optionalText,
  /** Every address that this run has written, or was about to write, by name: what tells its records from others'. */
  written: z.array(z.strictObject({ name: text, addresses: z.array(text) })).optional(),
  /** Changes that Cloud DNS had accepted but not yet told its servers. */
  pending: z.array(z.strictObject({ zone: text, id: text })).optional(),
  /** Zones whose names all point at the new release, as far as Changes were accepted: not all of them is half a swap. */
  moved: z.array(text).optional(),
  /** The zone that refused its Change after another had accepted one: the next swap begins with it. */
  refusedZone: optionalText,
  /** How often the names have followed their services to other addresses. */
  follows: z.number().optional(),
  /** DNS_SWAP_TTL: since when the records have a lower TTL, and which. */
  lowered: z.strictObject({ at: text, ttlSeconds: z.number() }).optional(),
  /** How long resolvers may hold the old addresses, in seconds: the largest old TTL. */
  oldTtlSeconds: z.number().optional(),
  /** Intent: the names are being put back, and the failure that the run ends with then. */
  undoing: failureSchema.optional(),
  /** The names were put back. */
  undoneAt: optionalText,
});

const badJobSchema = z.strictObject({
  position: z.number(),
  identifier: text,
  description: text,
  exitCode: text,
  reason: optionalText,
});

/** Jobs that are run one at a time beside the list: after a wedge, because they had failed, or because it never ran them. */
const jobQueueSchema = z.strictObject({
  reason: z.enum(["rescue", "retry", "missing"]),
  /** Positions in the list, from 0, in the order to run. */
  remaining: z.array(z.number()),
  /** Intent: the job that is about to be started, and its last execution before that. */
  current: z
    .strictObject({ position: z.number(), lastExecution: z.number().optional(), attempt: z.number() })
    .optional(),
});

const listSchema = z.strictObject({
  name: text,
  /** Intent: the list is about to be started. */
  intentAt: optionalText,
  startedAt: optionalText,
  endedAt: optionalText,
  /** The harvester's pod and its restarts when the list was started: another value means that it died. */
  pod: optionalText,
  queue: jobQueueSchema.optional(),
  /** When the harvester was away (5xx, no answer), as long as nothing has moved since: its job may have died with it. */
  awayAt: optionalText,
  /** Intent: the pod of the harvester that is deleted, so that what stands still is certainly dead. */
  replacing: z.strictObject({ pod: text, uid: text }).optional(),
  /** The job at which that was done for HARVEST_STALL_TIMEOUT: once a run. */
  stalledAt: optionalText,
  /** How often failed jobs have been run again. */
  retries: z.number().optional(),
  /** The list itself will not move again: what is left was run job by job. */
  rescued: z.boolean().optional(),
  jobs: z.number().optional(),
  /** How many jobs have ended, and been reported. */
  ended: z.number().optional(),
  current: optionalText,
  currentSince: optionalText,
  records: z.number().optional(),
  /** Jobs that took far longer than usual, with what is usual in seconds; each is reported once. */
  slow: z.array(z.strictObject({ identifier: text, usualSeconds: z.number() })).optional(),
  /** When the list should be over, by earlier runs. */
  expectedAt: optionalText,
  bad: z.array(badJobSchema).optional(),
  badCount: z.number().optional(),
  /** The jobs that did not end well, and were accepted by a person. */
  accepted: acceptanceSchema.optional(),
});

/** The Job of a builder: its name for people, its uid to tell it from another of that name. */
const jobFields = { job: optionalText, jobUid: optionalText };

/** What `retry` opened again: every deadline of the run counts from the last time. */
const openingSchema = z.strictObject({
  at: text,
  by: text,
  ...jobFields,
  /** `--accept`: exactly what had been recorded then goes through, and nothing worse. */
  accepts: z
    .strictObject({
      reason: text,
      /** Of the executions in the attachment `jobs`, the first so many. */
      executions: z.number().optional(),
      counts: z.array(z.strictObject({ kind: text, found: z.number() })).optional(),
    })
    .optional(),
});

/** How a run ends for good. */
export const finalPhases = ["succeeded", "failed", "aborted", "rolled-back"] as const;

/** All times are ISO 8601, UTC. */
export const runSchema = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  runId: text,
  environment: text,
  release: text,
  phase: z.enum(["running", "waiting-approval", "interrupted", ...finalPhases]),
  startedAt: z.iso.datetime(),
  finishedAt: optionalText,
  /** Which builders have worked on it, in order, and for which Job; bounded. */
  builders: z.array(z.strictObject({ name: text, since: text, ...jobFields })),
  steps: z.array(stepSchema),
  failure: failureSchema.optional(),
  inputs: inputsSchema.optional(),
  /** Which of the two places holds the data configuration; the first where nothing is said. */
  documentSlot: z.literal([1, 2]).optional(),
  /** When and by whom it was opened again after it had ended; newest last, bounded. */
  reopened: z.array(openingSchema).optional(),
  /** Container images of the live release and of the new one. */
  images: z.array(z.strictObject({ container: text, from: optionalText, to: optionalText })).optional(),
  /** What preflight checked everything against: a run ends with the names and lists that it began with. */
  pinned: z
    .strictObject({
      mappings: z.array(z.strictObject({ zone: text, name: text, service: text })),
      jobLists: z.array(text),
    })
    .optional(),
  /** Releases that DNS pointed at when the run began: what the swap leaves behind. */
  previous: z.array(text).optional(),
  dns: swapSchema.optional(),
  /** What earlier runs left and could not be removed when this one installed; until when, where its time keeps it. */
  leftovers: z.array(z.strictObject({ name: text, until: optionalText })).optional(),
  /** Why the release must be removed and installed again under its name. */
  reinstall: optionalText,
  /** Intent of the import. */
  importAt: optionalText,
  /** How often the document was not loaded: nothing of it, or only a part. */
  importFailed: z.strictObject({ empty: z.number(), part: z.number() }).optional(),
  harvest: z.array(listSchema).optional(),
  gate: gateSchema.optional(),
  approval: z.strictObject({ askedAt: text, by: optionalText, at: optionalText }).optional(),
  /** Since when one builder after the other was interrupted without getting any further. */
  stuckSince: optionalText,
  /** Notifications that were sent, or were about to be when the builder died. */
  notified: z.array(text).optional(),
});

export type RunState = z.infer<typeof runSchema>;
export type Phase = RunState["phase"];
export type FinalPhase = (typeof finalPhases)[number];
export type StepRecord = RunState["steps"][number];
export type Failure = z.infer<typeof failureSchema>;
export type SwapState = z.infer<typeof swapSchema>;
export type ListState = z.infer<typeof listSchema>;
export type JobQueue = z.infer<typeof jobQueueSchema>;
export type Opening = z.infer<typeof openingSchema>;
export type DocumentSlot = NonNullable<RunState["documentSlot"]>;
export type BadJob = z.infer<typeof badJobSchema>;

/** The phase as a person says it. */
export function phaseText(phase: Phase): string {
  return phase === "waiting-approval" ? "waiting for approval" : phase.replace("-", " ");
}

/** Whether nobody will go on with a run in this phase. */
export function isOver(phase: Phase): phase is FinalPhase {
  return phase !== "running" && phase !== "waiting-approval" && phase !== "interrupted";
}

/** The step that a run is at: the first that is not done. */
export function currentStep({ steps }: Pick<RunState, "steps">): StepRecord | undefined {
  return steps.find(({ status }) => status !== "done" && status !== "skipped");
}

/** Whether the public names may point at the run's release: a swap was begun, and not put back. */
export function hasChangedDns({ dns }: Pick<RunState, "dns">): boolean {
  return dns?.startedAt !== undefined && dns.undoneAt === undefined;
}

/** What was live before the run, without the run's own release. */
export function replacedBy({ previous = [], release }: Pick<RunState, "previous" | "release">): string[] {
  return previous.filter((name) => name !== release);
}

/** How the run was last opened again; undefined: it never was. */
export function lastOpening({ reopened }: Pick<RunState, "reopened">): Opening | undefined {
  return reopened?.at(-1);
}

/** When the run began, or was last opened again: what its deadlines count from. */
export function openedAt(run: Pick<RunState, "startedAt" | "reopened">): string {
  return lastOpening(run)?.at ?? run.startedAt;
}

/** What a run needs while it is under way: its own release, and those that it replaces. */
export function releasesOf(run: Pick<RunState, "previous" | "release">): string[] {
  return [...replacedBy(run), run.release];
}

/** Whether a release was installed, or was about to be. */
export function wasInstalled({ steps }: Pick<RunState, "steps">): boolean {
  return steps.some(({ name, attempts }) => name === "install-release" && attempts > 0);
}
