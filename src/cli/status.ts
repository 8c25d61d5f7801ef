/** `status`: what is live, and how the run gets on. */
import { exitCodes } from "../errors.ts";
import { isOver, type Phase } from "../pipeline/run-document.ts";
import { patiently } from "../pipeline/patience.ts";
import { readStatus, statusLines } from "../rebuild/status.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

const watchEveryMs = 5_000;

export const verb: Verb = async (context) => {
  const { options, signal, stdout } = context;
  const { world, dispose } = await openWorld(context, "state");
  const { clock, settings } = world;
  const json = options["output"] === "json";
  const patience = { clock, log: world.log(), budgetMs: settings.retryTimeoutMs };
  let shown = "";
  try {
    for (;;) {
      const status = await patiently(() => readStatus(world, signal), patience, signal);
      const text = json ? JSON.stringify(status, null, 2) : statusLines(status, clock.now()).join("\n");
      // A watch on a terminal redraws; in a log it prints only what changed.
      if (text !== shown)
        stdout(context.color && options["watch"] && shown ? `\u001b[2J\u001b[H${text}\n` : `${text}\n`);
      shown = text;
      const over = !status.run || isOver(status.run.phase as Phase);
      if (!options["watch"] || over) return exitCodes.done;
      await clock.sleep(watchEveryMs, signal);
    }
  } finally {
    dispose();
  }
};
