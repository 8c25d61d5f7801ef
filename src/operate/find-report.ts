/** The report of a run: of the one in the state as it is now, or of one that is kept. */
import { jobNames } from "../domain/job-names.ts";
import { pastRunOf } from "../domain/past-run.ts";
import { type Report, reportOf } from "../domain/report.ts";
import { isOver } from "../domain/run.ts";
import { ConfigError } from "../errors.ts";
import { readState } from "../pipeline/state.ts";
import { ask, type World } from "../pipeline/world.ts";

/** Throws ConfigError USAGE for a run that nothing is known of any more, with those that are. */
export async function findReport(
  world: World,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<Report> {
  const { run, history, attachments } = await readState(world, signal);
  const now = world.clock.now();
  const mistake = (where: string, what: string) => new ConfigError([{ where, what }], "USAGE");
  const kept = attachments.past.find((past) => past.run.runId === (wanted ?? run?.runId));
  // What is kept has its jobs by name, whatever data configuration has been pinned since.
  if (kept && isOver(kept.run.phase) && (kept.run.runId !== run?.runId || isOver(run.phase)))
    return reportOf(kept, attachments.past, now);
  if (run && (wanted === undefined || wanted === run.runId)) {
    const document = await ask(world, () => world.store.loadDocument(run.documentSlot ?? 1), signal);
    return reportOf(pastRunOf(run, attachments.jobs, jobNames(document)), attachments.past, now);
  }
  if (wanted === undefined) throw mistake("report", "no run has begun yet: there is nothing to show");
  const known = new Set([...attachments.past.map((past) => past.run.runId), ...(run ? [run.runId] : [])]);
  const those = known.size > 0 ? `; there are reports of ${[...known].join(", ")}` : "";
  const what = history.runs.some(({ runId }) => runId === wanted)
    ? `is too long ago for a report; see powo-builder history ${wanted}`
    : "is not among the last runs; see powo-builder history";
  throw mistake(wanted, `${what}${those}`);
}
