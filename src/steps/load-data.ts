/** Posts the pinned data configuration into the empty database, once; what is there decides, not what was answered. */
import { unlessGone } from "../actions/release-gone.ts";
import { checkDataConfiguration, type DataConfiguration, summary } from "../domain/data-configuration.ts";
import { compareImport, type ImportState } from "../domain/import-state.ts";
import { CheckpointError, PermanentError, TransientError } from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Run } from "../pipeline/run.ts";
import { again, done, type Step, type StepResult } from "../pipeline/step.ts";

/** How long an import must stand still before what is there counts as all of it. */
const settleMs = 5_000;

export const loadData: Step = unlessGone({
  name: "load-data",
  summary: "Load the data configuration",
  refusals: "verdict",
  async run(run) {
    const { settings, clock, signal, log } = run;
    const bytes = await run.document();
    const { data } = checkDataConfiguration(bytes, "the pinned data configuration", settings.jobLists);
    if (!data)
      throw new CheckpointError("STATE_DATA", "the data configuration kept with the run can't be read");
    for (;;) {
      let before = await settledImport(run, data);
      if (before === "empty" && run.state.importAt !== undefined) {
        // An earlier builder was about to post it: that may still be on its way.
        await clock.sleep(settleMs, signal);
        before = await settledImport(run, data);
      }
      if (before === "complete") return done(`already there: ${summary(data)}`);
      if (before === "part") return spoilt(run, "the import was interrupted");
      await run.save({ importAt: timestamp(clock) });
      const answer = await importOnce(run, bytes);
      const after = await settledImport(run, data);
      if (after === "complete") return done(`imported ${summary(data)}`);
      if (after === "part") return spoilt(run, typeof answer === "string" ? answer : answer.message);
      if (typeof answer !== "string") throw answer; // it never arrived: the step is tried again
      await countFailure(run, "empty", answer);
      log.warn({}, `the harvester loaded nothing: ${answer}; posting the document once more`);
    }
  },
});

/** What the database holds, once it no longer changes: an import whose caller is gone goes on for a while. */
async function settledImport(run: Run, data: DataConfiguration): Promise<ImportState> {
  const { ports, state, clock, signal, log } = run;
  let seen: string | undefined;
  for (;;) {
    const exported = await ports.harvester.exportData(state.release);
    const found = compareImport(data, exported);
    const text = JSON.stringify(exported);
    if (found !== "part" || text === seen) return found;
    log.debug({}, "part of the data configuration is there; checking whether more arrives");
    seen = text;
    await clock.sleep(settleMs, signal);
  }
}

/** A half import can't be completed: the harvester takes a document only into an empty database. */
async function spoilt(run: Run, answer: string): Promise<StepResult> {
  // A builder that died between the two writes has counted this one already.
  if (run.state.reinstall === undefined) await countFailure(run, "part", answer);
  return again("install-release", `only a part was loaded into ${run.state.release}: ${answer}`);
}

/**
 * Writes down that the document was not loaded. An empty database gets a second POST, a half one a reinstall, once each:
 * what fails the same way twice is wrong, and an install for nothing takes half an hour. Throws PermanentError IMPORT_FAILED.
 */
async function countFailure(run: Run, found: "empty" | "part", answer: string): Promise<void> {
  const before = run.state.importFailed ?? { empty: 0, part: 0 };
  if (before[found] === 0) {
    const importFailed = { ...before, [found]: 1 };
    const reinstall = found === "part" ? { reinstall: "its database was only partly loaded" } : {};
    return run.save({ importFailed, ...reinstall });
  }
  // Whoever goes on with the run after this verdict has fixed something.
  await run.save({ importFailed: undefined });
  const what = found === "empty" ? "nothing" : "only a part";
  const hint = `look:  kubectl logs -n ${run.state.release} deploy/harvester`;
  throw new PermanentError("IMPORT_FAILED", `the harvester loaded ${what}, twice: ${answer}`, { hint });
}

/** An answer of the harvester itself, which read the document and did not take it. */
const refusals = new Set<number | undefined>([400, 500]);

/** The answer in words; a connection that broke is no answer but an outage, and the export will tell what arrived. */
async function importOnce(run: Run, bytes: Uint8Array): Promise<string | TransientError> {
  const { ports, state, log, signal } = run;
  try {
    const result = await ports.harvester.importData(state.release, bytes);
    return result.loaded ? "it said it had loaded everything" : result.error;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    if (refusals.has(error.status)) return error.message;
    log.warn({ code: error.code }, `no answer to the import (${error.message}); checking what arrived`);
    return error;
  }
}
