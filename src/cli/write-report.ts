/** `report`: one page about a run, to standard output or into a file. */
import { writeFileSync } from "node:fs";
import { ConfigError, messageOf } from "../errors.ts";
import { findReport } from "../operate/history.ts";
import type { World } from "../pipeline/world.ts";
import { renderReport } from "../report/render-report.ts";
import type { VerbContext } from "./verb.ts";

export async function writeReport(
  world: World,
  { args, options, signal, stdout, write, redactor }: VerbContext,
): Promise<void> {
  // Other verbs take `--output json` as the long form of -o: so does this one.
  const isJson = options["o"] === "json" || options["output"] === "json";
  const file = options["output"] === "json" ? undefined : (options["output"] as string | undefined);
  const report = await findReport(world, args[0], signal);
  const text = isJson ? `${redactor.json(report, 2)}\n` : renderReport(report, redactor.redact);
  if (file === undefined || file === "-") {
    write(text);
    return;
  }
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new ConfigError([{ where: `--output ${file}`, what: messageOf(error) }], "USAGE");
  }
  stdout(`report of ${report.runId} written to ${file}\n`);
}
