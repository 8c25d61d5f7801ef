/** `abort`: ends a run before its swap and removes what it made. */
import { abortRun } from "../operate/abort-run.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { world, dispose } = await openWorld(context, "all");
  try {
    return await abortRun(world, context.signal);
  } finally {
    dispose();
  }
};
