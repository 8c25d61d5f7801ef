/** `report`: one page about a run. */
import { writeFileSync } from "node:fs";
import { ConfigError, exitCodes, messageOf } from "../errors.ts";
import { patiently } from "../pipeline/patience.ts";
import { findReport } from "../operate/find-report.ts";
import { renderReport } from "../report/render-report.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { args, options, signal, stdout } = context;
  // Elsewhere --output is the long form of -o: the habit is humoured.
  const file = options["output"] === "json" ? undefined : (options["output"] as string | undefined);
  const json = options["o"] === "json" || options["output"] === "json";
  const { world, dispose } = await openWorld(context, "state");
  try {
    const { clock, settings, redact } = world;
    const patience = { clock, log: world.log(), budgetMs: settings.retryTimeoutMs };
    const report = await patiently(() => findReport(world, args[0]), patience, signal);
    const text = redact(json ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report));
    if (file === undefined || file === "-") stdout(text);
    else {
      write(file, text);
      stdout(`report of ${report.runId} written to ${file}\n`);
    }
    return exitCodes.done;
  } finally {
    dispose();
  }
};

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new ConfigError([{ where: `--output ${file}`, what: messageOf(error) }], "USAGE");
  }
}
