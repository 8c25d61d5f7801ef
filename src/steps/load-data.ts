/** Posts the pinned data configuration into the empty database, once; what is there decides, not what was answered. */
import { brotliDecompressSync } from "node:zlib";
import type { Settings } from "../config/settings.ts";
import {
  checkDataConfiguration,
  compareImport,
  type DataConfiguration,
  type ImportState,
} from "../domain/data-configuration.ts";
import type { RunState } from "../domain/run-state.ts";
import { CheckpointError, PermanentError, TransientError } from "../errors.ts";
import { again, done, type Step, type StepContext } from "../pipeline/step.ts";
import type { Ports } from "../ports/index.ts";

type Needs = Pick<Ports, "harvester">;

/** How long an import must stand still before what is there counts as all of it. */
const settleMs = 5_000;

/** The attachment that holds the pinned document. */
export const dataAttachment = "data";

export const loadData = (settings: Settings): Step<Needs, RunState> => ({
  name: "load-data",
  summary: "Load the data configuration",
  async run({ harvester }, state, context) {
    const { release } = state;
    const bytes = pinnedDocument(context);
    const { data } = checkDataConfiguration(bytes, "the pinned data configuration", settings.jobLists);
    if (!data)
      throw new CheckpointError("STATE_DATA", "the data configuration kept with the run can't be read");
    let before = await settledImport(harvester, release, data, context);
    if (before === "empty" && state.importAt !== undefined) {
      // An earlier builder was about to post it: that may still be on its way.
      await context.clock.sleep(settleMs, context.signal);
      before = await settledImport(harvester, release, data, context);
    }
    if (before === "complete") return done(`already there: ${summary(data)}`);
    if (before === "part") return spoilt(release);
    await context.save({ importAt: new Date(context.clock.now()).toISOString() });
    const answer = await importOnce(harvester, release, bytes, context);
    const after = await settledImport(harvester, release, data, context);
    if (after === "complete") return done(`imported ${summary(data)}`);
    if (after === "part") return spoilt(release);
    if (typeof answer !== "string") throw answer; // it never arrived: the step is tried again
    throw new PermanentError("IMPORT_FAILED", `the harvester loaded nothing: ${answer}`, {
      hint: `look:  kubectl logs -n ${release} deploy/harvester`,
    });
  },
});

/** What the database holds, once it no longer changes: an import whose caller is gone goes on for a while. */
async function settledImport(
  harvester: Needs["harvester"],
  release: string,
  data: DataConfiguration,
  { clock, signal, log }: StepContext<RunState>,
): Promise<ImportState> {
  let seen: string | undefined;
  for (;;) {
    const exported = await harvester.exportData(release);
    const state = compareImport(data, exported);
    const text = JSON.stringify(exported);
    if (state !== "part" || text === seen) return state;
    log.debug({}, "part of the data configuration is there; looking whether more arrives");
    seen = text;
    await clock.sleep(settleMs, signal);
  }
}

/** A half import can't be completed: the harvester takes a document only into an empty database (facts.md, 5). */
function spoilt(release: string) {
  const patch = { reinstall: "its database was only partly loaded", addresses: {} };
  return again<RunState>("install-release", `the import into ${release} was interrupted half way`, patch);
}

/** The answer in words; a connection that broke is no answer but an outage, and the export will tell what arrived. */
async function importOnce(
  harvester: Needs["harvester"],
  release: string,
  bytes: Uint8Array,
  { log, signal }: StepContext<RunState>,
): Promise<string | TransientError> {
  try {
    const result = await harvester.importData(release, bytes);
    return result.loaded ? "it said it had loaded everything" : result.error;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    log.warn({ code: error.code }, `the import was not answered (${error.message}); looking at what arrived`);
    return error;
  }
}

function pinnedDocument(context: StepContext<RunState>): Uint8Array {
  const compressed = context.attachment(dataAttachment);
  if (!compressed)
    throw new CheckpointError("STATE_DATA", "the data configuration kept with the run is missing");
  return brotliDecompressSync(compressed);
}

/** `48 organisations, 83 jobs, 1 list`. */
export function summary({ organisations, jobConfigurations, jobLists }: DataConfiguration): string {
  const lists = jobLists.length === 1 ? "1 list" : `${jobLists.length} lists`;
  return `${organisations.length} organisations, ${jobConfigurations.length} jobs, ${lists}`;
}
