/** `plan`: what `run` would do now; writes nothing. */
import { exitCodes } from "../errors.ts";
import { makePlan, planLines } from "../operate/plan.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { options, signal, stdout } = context;
  const { world, dispose } = await openWorld(context, "all");
  try {
    const plan = await makePlan(world, signal);
    stdout(
      options["output"] === "json" ? `${JSON.stringify(plan, null, 2)}\n` : `${planLines(plan).join("\n")}\n`,
    );
    return exitCodes.done;
  } finally {
    dispose();
  }
};
