/** Reads what the state ConfigMap holds; what is not ours or not readable is refused, never overwritten. */
import { z } from "zod";
import { emptyHistory, historySchema, type History } from "../domain/history.ts";
import { runStateShape, type RunState } from "../domain/run-state.ts";
import { CheckpointError, messageOf } from "../errors.ts";
import type { RunDocument } from "../pipeline/run-document.ts";
import type { StateStore } from "../pipeline/stores.ts";
import { resultsAttachment, timingsAttachment, unpack } from "../steps/harvest/list-memory.ts";
import { dataAttachment } from "../steps/load-data.ts";

/** The version of run.json that this program writes and reads. */
export const schemaVersion = 1;

const stepSchema = z.strictObject({
  name: z.string(),
  status: z.enum(["pending", "running", "done", "failed", "skipped"]),
  attempts: z.number(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  output: z.string().optional(),
});

const runSchema = z.strictObject({
  ...runStateShape,
  schemaVersion: z.literal(schemaVersion),
  phase: z.enum([
    "running",
    "waiting-approval",
    "interrupted",
    "succeeded",
    "failed",
    "aborted",
    "rolled-back",
  ]),
  startedAt: z.iso.datetime(),
  finishedAt: z.string().optional(),
  builders: z.array(z.strictObject({ name: z.string(), since: z.string(), job: z.string().optional() })),
  steps: z.array(stepSchema),
  failure: z
    .strictObject({
      step: z.string().optional(),
      code: z.string(),
      message: z.string(),
      details: z.array(z.string()).optional(),
      hint: z.string().optional(),
      exitCode: z.number().optional(),
    })
    .optional(),
});

export type Run = RunDocument<RunState>;

export interface ReadState {
  run: Run | undefined;
  history: History;
  attachments: Record<string, Uint8Array>;
  /** undefined: nothing is stored yet. */
  version: string | undefined;
}

/** Where the state is: what reads it, and what a person types to look at it. */
interface StatePlace {
  store: StateStore;
  stateName: string;
  builderNamespace: string;
}

/** The stored state. Throws CheckpointError for what can't be read, with the way out; TransientError for an outage. */
export async function readState(place: StatePlace): Promise<ReadState> {
  const stored = await place.store.load();
  if (!stored) return { run: undefined, history: emptyHistory, attachments: {}, version: undefined };
  for (const name of [dataAttachment, resultsAttachment, timingsAttachment])
    requireReadable(stored.attachments[name], name, place);
  return {
    run: stored.run === undefined ? undefined : parse(runSchema, stored.run, "run.json", place),
    history:
      stored.history === undefined
        ? emptyHistory
        : parse(historySchema, stored.history, "history.json", place),
    attachments: stored.attachments,
    version: stored.version,
  };
}

/** What a run can't do without; what is only kept for people (reports, evidence) is passed over by its readers. */
function requireReadable(bytes: Uint8Array | undefined, name: string, place: StatePlace): void {
  try {
    unpack(bytes);
  } catch (error) {
    throw unreadable(`${name}.br can't be read: ${messageOf(error)}`, place);
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown, key: string, place: StatePlace): z.infer<S> {
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  const newer = typeof version === "number" && version > schemaVersion;
  const issue = found.error.issues[0];
  const what = newer
    ? `${key} was written by a newer powo-builder (schema ${version}, this one reads ${schemaVersion})`
    : `${key} can't be read: ${issue ? issueText(issue) : "wrong shape"}`;
  const newerHint = "use the newer image: its run goes on, or let it end first";
  throw unreadable(what, place, newer ? newerHint : undefined);
}

/** `steps.0.status: Invalid option`. */
function issueText({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

function unreadable(what: string, place: StatePlace, hint?: string): CheckpointError {
  const { stateName, builderNamespace } = place;
  const target = `configmap ${stateName} -n ${builderNamespace}`;
  return new CheckpointError("STATE_UNREADABLE", `ConfigMap ${builderNamespace}/${stateName}: ${what}`, {
    hint:
      hint ?? `look:  kubectl get ${target} -o yaml; when its run is not needed:  kubectl delete ${target}`,
  });
}
