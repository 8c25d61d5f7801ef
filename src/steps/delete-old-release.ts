/** Removes what the swap left behind, after reading DNS again. */
import { readReadiness } from "../actions/probe-site.ts";
import { readRecords } from "../actions/read-live.ts";
import { removeRelease } from "../actions/remove-release.ts";
import { notPointing } from "../domain/dns-plan.ts";
import { annotations } from "../domain/names.ts";
import { replacedBy } from "../domain/run.ts";
import { duration } from "../domain/words.ts";
import { RefusedError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import { done, skipped, type Step } from "../pipeline/step.ts";

export const deleteOldRelease: Step = {
  name: "delete-old-release",
  summary: "Delete the release that was live before",
  async run(run) {
    const { settings, ports, log } = run;
    const old = replacedBy(run.state);
    if (old.length === 0) return skipped("nothing was live before");
    if (!settings.deleteExisting) return skipped(`${old.join(", ")} stays (DELETE_EXISTING is off)`);
    if (settings.retainPreviousMs > 0)
      return skipped(
        `${old.join(", ")} is kept for ${duration(settings.retainPreviousMs)} (RETAIN_PREVIOUS)`,
      );
    await requireNamesPointHere(run);
    const kept: string[] = [];
    for (const name of old) {
      const namespace = await ports.cluster.findNamespace(name);
      if (namespace && annotations.keep in namespace.annotations) {
        log.warn({ name }, `${name} carries the annotation ${annotations.keep}; it stays`);
        kept.push(name);
        continue;
      }
      log.info({ name }, `removing ${name}`);
      await removeRelease(run, name);
    }
    return kept.length > 0 ? skipped(`${kept.join(", ")} stays`) : done("");
  },
};

/** Nothing is deleted while a name points at an address that its service does not have: somebody is at work, or has erred. */
async function requireNamesPointHere(run: Run): Promise<void> {
  const { settings, state } = run;
  const { addresses } = await readReadiness(run, state.release);
  const elsewhere = notPointing(settings.mappings, addresses, await readRecords(run));
  if (elsewhere.length === 0) return;
  const names = elsewhere.map(({ name }) => name).join(", ");
  throw new RefusedError("INTERLOCK", `nothing is deleted: ${names} no longer point at ${state.release}`, {
    hint: "find out who changed the records, and why",
  });
}
