/** `rollback`: points the public names back at the release that was live before. */
import { exitCodes } from "../errors.ts";
import { rollBack } from "../operate/roll-back.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { world, dispose } = await openWorld(context, "all");
  try {
    context.stdout(`${await rollBack(world, context.signal)}\n`);
    return exitCodes.done;
  } finally {
    dispose();
  }
};
