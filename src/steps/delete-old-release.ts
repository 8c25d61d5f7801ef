/** Removes what the swap left behind, after reading DNS again. */
import { readinessOf } from "../actions/probe-site.ts";
import { retryLeftovers, tryToRemove } from "../actions/leftovers.ts";
import { putBack, storedError } from "../actions/put-back.ts";
import { readRecords } from "../actions/read-live.ts";
import { watchRelease } from "../actions/watch-release.ts";
import { notPointing } from "../domain/dns-plan.ts";
import { replacedBy } from "../domain/run.ts";
import { duration } from "../domain/words.ts";
import { RefusedError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import { done, skipped, type Step } from "../pipeline/step.ts";

export const deleteOldRelease: Step = {
  name: "delete-old-release",
  summary: "Delete the release that was live before",
  async run(run) {
    const { settings, log } = run;
    const { undoing } = run.state.dns ?? {};
    if (undoing) return putBack(run, storedError(undoing));
    const old = replacedBy(run.state);
    if (old.length === 0) return skipped("nothing was live before");
    if (!settings.deleteExisting) return skipped(`${old.join(", ")} stays (DELETE_EXISTING is off)`);
    if (settings.retainPreviousMs > 0)
      return skipped(
        `${old.join(", ")} is kept for ${duration(settings.retainPreviousMs)} (RETAIN_PREVIOUS)`,
      );
    // Load balancers may have moved since the swap's end; the names follow them first.
    if ((await namesElsewhere(run)).length > 0) await watchRelease(run);
    await requireNamesPointHere(run);
    await retryLeftovers(run);
    const kept: string[] = [];
    for (const name of old) {
      log.info({ name }, `removing ${name}`);
      // The new site is live, whatever keeps the old one: the next run and `cleanup` try again.
      if (await tryToRemove(run, name)) kept.push(name);
    }
    return kept.length > 0 ? skipped(`${kept.join(", ")} stays`) : done("");
  },
};

/** Nothing is deleted while a name points at an address that its service does not have: somebody is at work, or has erred. */
async function requireNamesPointHere(run: Run): Promise<void> {
  const elsewhere = await namesElsewhere(run);
  if (elsewhere.length === 0) return;
  const what = `nothing is deleted: ${elsewhere.join(", ")} no longer point at ${run.state.release}`;
  const hint = "find out who changed the records, and why";
  throw new RefusedError("INTERLOCK", what, { hint });
}

async function namesElsewhere(run: Run): Promise<string[]> {
  const { addresses } = await readinessOf(run, run.state.release)();
  const elsewhere = notPointing(run.settings.mappings, addresses, await readRecords(run));
  return elsewhere.map(({ name }) => name);
}
