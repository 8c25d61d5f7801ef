/** Reads what the state ConfigMap holds; what is not ours or not readable is refused, never overwritten. */
import * as z from "zod";
import { emptyHistory, historySchema, type History } from "../domain/history.ts";
import {
  type Attachments,
  displacedSchema,
  evidenceSchema,
  jobResultSchema,
  pastRunSchema,
} from "../domain/attachments.ts";
import { runSchema, type RunState, schemaVersion } from "../domain/run.ts";
import { stateName } from "../domain/names.ts";
import { migrate } from "./migration.ts";
import { type StoredState, unreadable } from "./stores.ts";
import { ask, type World } from "./world.ts";

export interface ReadState {
  run: RunState | undefined;
  history: History;
  attachments: Attachments;
  /** run.json as it was read: what tells whether somebody else has written since. */
  stored: unknown;
  /** undefined: nothing is stored yet. */
  version: string | undefined;
}

export const noAttachments: Attachments = { jobs: [], timings: [], records: [], past: [], evidence: [] };

/** Attachments as they are stored: a long list of executions takes a third less room column by column. */
export function packed({ jobs, displaced, ...others }: Partial<Attachments>): Record<string, unknown> {
  return {
    ...others,
    ...(jobs && { jobs: inColumns(jobs) }),
    ...(displaced !== undefined && {
      displaced: displaced && { ...displaced, jobs: inColumns(displaced.jobs) },
    }),
  };
}

function inColumns(jobs: Attachments["jobs"]): unknown {
  const width = Math.max(0, ...jobs.map(({ length }) => length));
  return {
    columns: Array.from({ length: width }, (_, column) => jobs.map((job) => job[column] ?? null)),
  };
}

/** The executions that were stored so; rows, as version 1.0 is read, are left as they are. */
function unpacked(jobs: unknown): unknown {
  const { success, data } = z.object({ columns: z.array(z.array(z.unknown())) }).safeParse(jobs);
  if (!success) return jobs;
  const [first = [], ...others] = data.columns;
  return first.map((job, row) => [job, ...others.flatMap((column) => column[row] ?? [])]);
}

type Place = Parameters<typeof unreadable>[0];

const timing = z.tuple([z.string(), z.array(z.number())]);
const record = z.tuple([z.string(), z.number()]);

/** The stored state. Throws CheckpointError for what can't be read, with the way out; TransientError for an outage. */
export async function readState(world: World, signal: AbortSignal): Promise<ReadState> {
  const found = await ask(world, () => world.store.load(), signal);
  if (!found)
    return {
      ...{ run: undefined, stored: undefined, version: undefined },
      ...{ history: emptyHistory, attachments: noAttachments },
    };
  const place = { namespace: world.builderNamespace, name: stateName(world.settings.environment) };
  const { run, history, attachments } = migrated(found, place);
  const parse = <T>(schema: z.ZodType<T>, value: unknown, key: string) => parseAs(schema, value, key, place);
  // A run can't do without these; what is only kept for people is passed over where it can't be read.
  const lost = found.unreadable.find((name) => name === "jobs" || name === "timings");
  if (lost !== undefined) throw unreadable(place, `${lost} can't be read`);
  return {
    run: run === undefined ? undefined : parse(runSchema, run, "run.json"),
    history: history === undefined ? emptyHistory : parse(historySchema, history, "history.json"),
    attachments: {
      jobs: parse(z.array(jobResultSchema), unpacked(attachments["jobs"] ?? []), "jobs"),
      timings: parse(z.array(timing), attachments["timings"] ?? [], "timings"),
      records: readable(record, attachments["records"]),
      past: readable(pastRunSchema, attachments["past"]),
      evidence: readable(evidenceSchema, attachments["evidence"]),
      ...readDisplaced(attachments["displaced"]),
    },
    stored: found.run,
    version: found.version,
  };
}

/** The run before this one. What can't be read is given up: then this one keeps its place. */
function readDisplaced(stored: unknown): Pick<Attachments, "displaced"> {
  const { run, jobs } = (stored ?? {}) as { run?: unknown; jobs?: unknown };
  const { success, data } = displacedSchema.safeParse({ run, jobs: unpacked(jobs) });
  return success ? { displaced: data } : {};
}

function migrated(found: StoredState, place: Place): ReturnType<typeof migrate> {
  try {
    return migrate(found);
  } catch {
    throw unreadable(place, "the state that version 1.0 saved can't be read");
  }
}

function readable<T>(schema: z.ZodType<T>, values: unknown): T[] {
  if (!Array.isArray(values)) return [];
  return values.flatMap((value) => {
    const { success, data } = schema.safeParse(value);
    return success ? [data] : [];
  });
}

function parseAs<T>(schema: z.ZodType<T>, value: unknown, key: string, place: Place): T {
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === "number" && version > schemaVersion) {
    const what = `${key} was written by a newer powo-builder (schema ${version}, this one reads ${schemaVersion})`;
    throw unreadable(place, what, "use the newer image, or let it finish its run first");
  }
  const [issue] = found.error.issues;
  const where = issue && issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  throw unreadable(place, `${key} can't be read: ${where}${issue?.message ?? "wrong shape"}`);
}
