/** `run`: starts a rebuild, resumes the unfinished one, or leaves it to the builder that is at work. */
import { rebuild } from "../rebuild/rebuild.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { world, dispose } = await openWorld(context, "all");
  try {
    return await rebuild(world, context.signal);
  } finally {
    dispose();
  }
};
