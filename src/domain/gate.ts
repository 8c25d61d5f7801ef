/** What the new site holds against what is live: counts per kind, losses by source, and what a person accepted. */
import * as z from "zod";
import { count as countText, table } from "./words.ts";

/** What the portal's search can be narrowed to by its parameter `f` (github.com/RBGKew/pykew, powo_terms.py). */
export const taxonKinds = [
  { key: "accepted", filter: "accepted_names", name: "accepted names" },
  { key: "images", filter: "has_images", name: "taxa with images" },
  { key: "families", filter: "families_f", name: "families" },
  { key: "genera", filter: "genus_f", name: "genera" },
  { key: "species", filter: "species_f", name: "species" },
  { key: "infraspecies", filter: "infraspecific_f", name: "infraspecific taxa" },
] as const;

/** The key of everything that the search finds, beside the kinds. */
const allKey = "all";

const kindCount = z.strictObject({
  /** A key of taxonKinds. */
  kind: z.string(),
  found: z.number(),
  live: z.number().optional(),
  /** The least that was wanted. */
  least: z.number().optional(),
});

const sourceLoss = z.strictObject({
  source: z.string(),
  records: z.number(),
  /** In the last run that went live. */
  before: z.number(),
});

/** What a person accepted of a result that had been rejected (`retry --accept`). */
export const acceptanceSchema = z.strictObject({
  reason: z.string(),
  by: z.string(),
  at: z.string(),
  /** What was accepted, one line each. */
  what: z.array(z.string()),
});
export type Acceptance = z.infer<typeof acceptanceSchema>;

/** The comparison as it is kept with the run, its report and the history. */
export const gateSchema = z.strictObject({
  /** totalResults of the new site's search. */
  results: z.number(),
  liveResults: z.number().optional(),
  least: z.number().optional(),
  kinds: z.array(kindCount).optional(),
  /** What the live site counts and the new one can't. */
  unanswered: z.array(z.strictObject({ kind: z.string(), live: z.number(), why: z.string() })).optional(),
  losses: z.array(sourceLoss).optional(),
  /** What was too little, and accepted by a person. */
  accepted: acceptanceSchema.optional(),
});

export type Gate = z.infer<typeof gateSchema>;
export type SourceLoss = z.infer<typeof sourceLoss>;

interface Row {
  key: string;
  name: string;
  found: number;
  live: number | undefined;
  least: number | undefined;
  /** Fewer than are wanted. */
  isFew: boolean;
}

export function nameOf(kind: string): string {
  return taxonKinds.find(({ key }) => key === kind)?.name ?? kind;
}

/** Every count of the comparison, all results first. */
export function gateRows({ results, liveResults, least, kinds = [] }: Gate): Row[] {
  return [{ kind: allKey, found: results, live: liveResults, least }, ...kinds].map((row) => ({
    ...{ key: row.kind, name: row.kind === allKey ? "results" : nameOf(row.kind) },
    ...{ found: row.found, live: row.live, least: row.least, isFew: row.found < (row.least ?? 0) },
  }));
}

/** What there is too little of, or no number at all (undefined): the key, and in words. */
export function shortfalls(gate: Gate): { key: string; found: number | undefined; text: string }[] {
  const tooFew = gateRows(gate)
    .filter(({ found, least = 0 }) => found < least)
    .map(({ key, name, found, live = 0, least = 0 }) => ({
      ...{ key, found },
      text: `${countText(found)} ${name}, live has ${countText(live)}, at least ${countText(least)} are required`,
    }));
  const unknown = (gate.unanswered ?? []).map(({ kind, live, why }) => ({
    ...{ key: kind, found: undefined },
    text: `no number of ${nameOf(kind)} (${why}), live has ${countText(live)}`,
  }));
  return [...tooFew, ...unknown];
}

/** A portal that doesn't know the filters finds everything by each of them: that says nothing. */
export function areTold(results: number, found: readonly (number | undefined)[]): boolean {
  return found.some((amount) => amount !== undefined && amount !== results);
}

const maxLosses = 5;
/** Sources grow and shrink a little from week to week. */
const lossShare = 0.99;

/**
 * The sources that lost most records since the last run that went live. `now` has the jobs of this run: a job that it
 * no longer has lost all of its records, one that read nothing new (undefined) none.
 */
export function largestLosses(
  before: readonly (readonly [job: string, records: number])[],
  now: ReadonlyMap<string, number | undefined>,
  nameOf: (job: string) => string,
): SourceLoss[] {
  return before
    .map(([job, records]) => ({
      source: nameOf(job),
      records: now.has(job) ? (now.get(job) ?? records) : 0,
      before: records,
    }))
    .filter((loss) => loss.records < loss.before * lossShare)
    .toSorted((one, other) => other.before - other.records - (one.before - one.records))
    .slice(0, maxLosses);
}

/** `+0.1 %`; nothing where there is nothing to compare with. */
export function changeText(now: number, before: number | undefined): string {
  if (before === undefined) return "";
  if (before === 0) return now === 0 ? "same" : "new";
  const percent = ((now - before) / before) * 100;
  return `${percent >= 0 ? "+" : "-"}${Math.abs(percent).toFixed(1)} %`;
}

/** The comparison in columns; what is too little says so. Nothing where only the total is known. */
export function kindLines(gate: Gate): string[] {
  if (!gate.kinds || gate.kinds.length === 0) return [];
  return table(
    gateRows(gate).map(({ name, found, live, least, isFew }) => [
      name,
      countText(found),
      live === undefined ? "" : `live ${countText(live)}`,
      changeText(found, live),
      isFew ? `too few: at least ${countText(least ?? 0)}` : "",
    ]),
  );
}

/** `FZ   41,118 → 0 records`. */
export function lossLines({ losses = [] }: Gate): string[] {
  return table(
    losses.map(({ source, records, before }) => [
      source,
      `${countText(before)} → ${countText(records)} records`,
    ]),
  );
}

/** Who accepted what, and why. */
export function acceptedText({ by, reason, at }: Acceptance): string {
  return `accepted by ${by} on ${at.slice(0, 16).replace("T", " ")} UTC: ${reason}`;
}
