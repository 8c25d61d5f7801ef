import { ConfigError } from "../errors.ts";
import type { Report } from "../domain/report.ts";
import { keptReports, reportsAttachment } from "../rebuild/keep-report.ts";
import { makeReport } from "../rebuild/make-report.ts";
import { readState } from "../rebuild/read-state.ts";
import type { World } from "../rebuild/world.ts";

/**
 * The report of a run: of the one in the state as it is now, or as it was kept when it ended. Throws ConfigError USAGE
 * for a run that nothing is known of any more, with those that are.
 */
export async function findReport(world: World, wanted: string | undefined): Promise<Report> {
  const { run, history, attachments } = await readState(world);
  const kept = keptReports(attachments[reportsAttachment]);
  if (run && (wanted === undefined || wanted === run.runId)) {
    const { settings, clock, redact } = world;
    const { mappings } = settings;
    return makeReport({ run, attachments, mappings, earlier: kept, now: clock.now(), redact });
  }
  const found = kept.findLast(({ runId }) => wanted === undefined || runId === wanted);
  if (found) return found;
  if (wanted === undefined)
    throw new ConfigError(
      [{ where: "report", what: "no run has begun yet: there is nothing to tell" }],
      "USAGE",
    );
  const known = [...kept.map(({ runId }) => runId), ...(run ? [run.runId] : [])];
  const past = history.runs.some(({ runId }) => runId === wanted);
  const what = past
    ? `is too long ago for a report; see powo-builder history ${wanted}`
    : "is not among the last runs; see powo-builder history";
  const those = known.length > 0 ? `; there are reports of ${[...new Set(known)].join(", ")}` : "";
  throw new ConfigError([{ where: wanted, what: `${what}${those}` }], "USAGE");
}
