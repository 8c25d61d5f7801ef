/** What must not change under a run. */
import type { Run } from "./read-state.ts";
import type { World } from "./world.ts";

/**
 * The world with the public names and job lists that the run has pinned, whatever the settings say now: half of the
 * names may have been moved by them, and half of the harvest started.
 */
export function worldOfRun(world: World, { runId, pinned }: Run): World {
  if (!pinned) return world;
  const { mappings, jobLists } = world.settings;
  const changed = [
    ...(isSame(mappings, pinned.mappings) ? [] : ["the dns mappings"]),
    ...(isSame(jobLists, pinned.jobLists) ? [] : ["JOB_LIST"]),
  ];
  if (changed.length > 0)
    world
      .log()
      .warn(
        {},
        `${changed.join(" and ")} changed since run ${runId} began: it keeps what it began with, the next run takes them up`,
      );
  return { ...world, settings: { ...world.settings, ...pinned } };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
