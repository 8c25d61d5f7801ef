/** `history`: the last runs, or one of them. */
import { ConfigError, exitCodes } from "../errors.ts";
import { patiently } from "../pipeline/patience.ts";
import { details, overview } from "../operate/history-lines.ts";
import { readState } from "../rebuild/read-state.ts";
import { evidenceAttachment, keptEvidence } from "../steps/keep-evidence.ts";
import { openWorld } from "./open-world.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = async (context) => {
  const { args, options, signal, stdout } = context;
  const json = options["output"] === "json";
  const { world, dispose } = await openWorld(context, "state");
  try {
    const { clock, settings } = world;
    const patience = { clock, log: world.log(), budgetMs: settings.retryTimeoutMs };
    const stored = await patiently(() => readState(world), patience, signal);
    const { history, attachments } = stored;
    const [wanted] = args;
    const runs = wanted === undefined ? history.runs : history.runs.filter(({ runId }) => runId === wanted);
    if (wanted !== undefined && runs.length === 0) {
      throw new ConfigError(
        [{ where: wanted, what: "is not among the last runs; see powo-builder history" }],
        "USAGE",
      );
    }
    const kept = keptEvidence(attachments[evidenceAttachment]);
    const told = runs.map((run) => {
      const evidence = kept.find(({ release }) => release === run.release);
      return evidence && wanted !== undefined ? { ...run, evidence } : run;
    });
    const lines = wanted === undefined ? overview(runs) : told.flatMap(details);
    const text = json ? JSON.stringify({ runs: told }, null, 2) : lines.join("\n");
    stdout(`${world.redact(text)}\n`);
    return exitCodes.done;
  } finally {
    dispose();
  }
};
