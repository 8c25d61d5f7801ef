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
  async run(run) {
    const { settings, state, clock, signal } = run;
    const bytes = await run.document();
    const { data } = checkDataConfiguration(bytes, "the pinned data configuration", settings.jobLists);
    if (!data)
      throw new CheckpointError("STATE_DATA", "the data configuration kept with the run can't be read");
    let before = await settledImport(run, data);
    if (before === "empty" && state.importAt !== undefined) {
      // An earlier builder was about to post it: that may still be on its way.
      await clock.sleep(settleMs, signal);
      before = await settledImport(run, data);
    }
    if (before === "complete") return done(`already there: ${summary(data)}`);
    if (before === "part") return spoilt(run);
    await run.save({ importAt: timestamp(clock) });
    const answer = await importOnce(run, bytes);
    const after = await settledImport(run, data);
    if (after === "complete") return done(`imported ${summary(data)}`);
    if (after === "part") return spoilt(run);
    if (typeof answer !== "string") throw answer; // it never arrived: the step is tried again
    throw new PermanentError("IMPORT_FAILED", `the harvester loaded nothing: ${answer}`, {
      hint: `look:  kubectl logs -n ${state.release} deploy/harvester`,
    });
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
    log.debug({}, "part of the data configuration is there; looking whether more arrives");
    seen = text;
    await clock.sleep(settleMs, signal);
  }
}

/** A half import can't be completed: the harvester takes a document only into an empty database. */
async function spoilt(run: Run): Promise<StepResult> {
  await run.save({ reinstall: "its database was only partly loaded" });
  return again("install-release", `the import into ${run.state.release} was interrupted half way`);
}

/** The answer in words; a connection that broke is no answer but an outage, and the export will tell what arrived. */
async function importOnce(run: Run, bytes: Uint8Array): Promise<string | TransientError> {
  const { ports, state, log, signal } = run;
  try {
    const result = await ports.harvester.importData(state.release, bytes);
    return result.loaded ? "it said it had loaded everything" : result.error;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    log.warn({ code: error.code }, `the import was not answered (${error.message}); looking at what arrived`);
    return error;
  }
}
