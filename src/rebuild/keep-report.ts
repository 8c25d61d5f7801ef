/** Keeps the reports of the last finished runs with the state. */
import { addReport, type Report, readReports, worthTelling } from "../domain/report.ts";
import type { RunState } from "../domain/run-state.ts";
import { messageOf } from "../errors.ts";
import type { Checkpoint } from "../pipeline/checkpoint.ts";
import { pack, resultsAttachment, unpack } from "../steps/harvest/list-memory.ts";
import { dataAttachment } from "../steps/load-data.ts";
import { makeReport } from "./make-report.ts";
import type { World } from "./world.ts";

export const reportsAttachment = "reports";
/** What the reports may take of the ConfigMap, compressed. */
const mostBytes = 40_000;

/** The reports that are kept, oldest first; none where they can't be read. */
export function keptReports(bytes: Uint8Array | undefined): Report[] {
  try {
    return bytes ? readReports(unpack(bytes)) : [];
  } catch {
    return [];
  }
}

/** Compresses reports; what is too large loses its quickest jobs, the older report first. */
export function packReports(reports: readonly Report[], most = mostBytes): Uint8Array {
  let kept = reports.map((report) => report);
  let packed = pack(kept);
  while (packed.byteLength > most) {
    const largest = kept.reduce((one, other) => (other.jobs.length > one.jobs.length ? other : one));
    if (largest.jobs.length < 2) {
      kept = kept.slice(1);
      if (kept.length === 0) return pack([]);
    } else {
      const fewer = worthTelling(largest.jobs, Math.floor(largest.jobs.length / 2));
      kept = kept.map((report) => (report === largest ? { ...report, jobs: fewer } : report));
    }
    packed = pack(kept);
  }
  return packed;
}

/** Adds the report of a run that is over. A state that can't take it must not keep the run from ending. */
export async function keepReport(
  world: World,
  checkpoint: Checkpoint<RunState>,
  signal: AbortSignal,
): Promise<void> {
  const { run } = checkpoint;
  try {
    const earlier = keptReports(checkpoint.attachment(reportsAttachment));
    const attachments = Object.fromEntries(
      [resultsAttachment, dataAttachment].flatMap((name) => {
        const bytes = checkpoint.attachment(name);
        return bytes ? [[name, bytes]] : [];
      }),
    );
    const { settings, clock, redact } = world;
    const { mappings } = settings;
    const report = makeReport({ run, attachments, mappings, earlier, now: clock.now(), redact });
    await checkpoint.attach(reportsAttachment, packReports(addReport(earlier, report)), signal);
  } catch (error) {
    world.log().debug({ err: error }, `no report of ${run.runId} is kept: ${messageOf(error)}`);
  }
}
