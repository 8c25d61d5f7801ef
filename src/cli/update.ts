/** `update`: brings the live release to the chart and values at the configured ref, until the next rebuild. */
import { exitCodes } from "../errors.ts";
import { updateLive } from "../operate/update-live.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { world, dispose } = await openWorld(context, "all");
  try {
    const lines = await updateLive(world, context.signal);
    context.stdout(`${lines.join("\n")}\nupdated; the next rebuild takes the repository's state again\n`);
    return exitCodes.done;
  } finally {
    dispose();
  }
};
