/** `approve`: lets a run go on that waits before its swap. */
import { userInfo } from "node:os";
import { exitCodes } from "../errors.ts";
import { approveRun } from "../operate/approve-run.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { options, signal, stdout, env } = context;
  const { world, dispose } = await openWorld(context, "state");
  try {
    const by = typeof options["by"] === "string" ? options["by"] : (env["JOB_NAME"] ?? userInfo().username);
    stdout(`${await approveRun(world, by, signal)}\n`);
    return exitCodes.done;
  } finally {
    dispose();
  }
};
