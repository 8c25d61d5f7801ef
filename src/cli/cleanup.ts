/** `cleanup`: removes what earlier runs left. */
import { exitCodes } from "../errors.ts";
import { cleanUp } from "../operate/clean-up.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { options, signal, stdout } = context;
  const { world, dispose } = await openWorld(context, "all");
  try {
    const removed = await cleanUp(world, signal);
    if (options["output"] === "json") stdout(`${JSON.stringify({ removed }, null, 2)}\n`);
    else stdout(removed.length > 0 ? `removed ${removed.join(", ")}\n` : "nothing was removed\n");
    return exitCodes.done;
  } finally {
    dispose();
  }
};
