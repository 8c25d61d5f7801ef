/** Removes what the swap left behind, after reading DNS again. */
import type { Settings } from "../config/settings.ts";
import { annotations } from "../domain/names.ts";
import type { RunState } from "../domain/run-state.ts";
import { duration } from "../domain/words.ts";
import { done, skipped, type Step } from "../pipeline/step.ts";
import type { Ports } from "../ports/index.ts";
import { evidenceOf } from "./keep-evidence.ts";
import { removalOf, removeRelease } from "./remove-release.ts";

type Needs = Pick<Ports, "cluster" | "releases" | "dns">;

export const deleteOldRelease = (settings: Settings): Step<Needs, RunState> => ({
  name: "delete-old-release",
  summary: "Delete the release that was live before",
  async run(ports, state, context) {
    const old = (state.previous ?? []).filter((name) => name !== state.release);
    if (old.length === 0) return skipped("nothing was live before");
    if (!settings.deleteExisting) return skipped(`${old.join(", ")} stays (DELETE_EXISTING is off)`);
    if (settings.retainPreviousMs > 0) {
      return skipped(
        `${old.join(", ")} is kept for ${duration(settings.retainPreviousMs)} (RETAIN_PREVIOUS)`,
      );
    }
    const kept: string[] = [];
    for (const name of old) {
      const namespace = await ports.cluster.findNamespace(name);
      if (namespace && annotations.keep in namespace.annotations) {
        context.log.warn({ name }, `${name} carries the annotation ${annotations.keep}; it stays`);
        kept.push(name);
        continue;
      }
      context.log.info({ name }, `removing ${name}`);
      const onRemoving = evidenceOf(ports.cluster, context, context);
      await removeRelease(ports, removalOf(settings, state, name), { ...context, onRemoving });
    }
    return kept.length > 0 ? skipped(`${kept.join(", ")} stays`) : done("");
  },
});
