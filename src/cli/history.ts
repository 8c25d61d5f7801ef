/** `history`: the last runs, or one of them. */
import { type Evidence, evidenceLines } from "../domain/evidence.ts";
import { acceptedText, kindLines, lossLines } from "../domain/gate.ts";
import type { HistoryEntry } from "../domain/history.ts";
import { count, date, duration, table } from "../domain/words.ts";
import { ConfigError, exitCodes } from "../errors.ts";
import { patiently } from "../pipeline/patience.ts";
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

/** Newest first. */
function overview(runs: readonly HistoryEntry[]): string[] {
  if (runs.length === 0) return ["no run has ended yet"];
  const rows = runs
    .toReversed()
    .map((run) => [run.runId, run.release, run.phase, took(run), results(run), run.failure?.code ?? ""]);
  return table([["run", "release", "outcome", "took", "results", "why"], ...rows]).map((line) =>
    line.trimEnd(),
  );
}

function details(run: HistoryEntry & { evidence?: Evidence }): string[] {
  const rows = [
    ["run", run.runId],
    ["release", run.release],
    ["outcome", run.phase],
    ["begun", date(Date.parse(run.startedAt))],
    ["took", took(run)],
    ["results", results(run)],
    // None: the run ended before its harvest.
    ["jobs", run.jobs ? `${run.jobs}, ${run.badJobs ?? 0} did not end well` : ""],
    ["chart", run.chartCommit ?? ""],
    ["data", run.dataSha256 === undefined ? "" : `sha256 ${run.dataSha256}`],
    ["failed at", run.failure?.step ?? ""],
    ["why", run.failure === undefined ? "" : `${run.failure.message} [${run.failure.code}]`],
  ];
  const gate = run.gate ? gateLines(run.gate) : [];
  const black = run.evidence ? ["", ...evidenceLines(run.evidence)] : [];
  return [...table(rows.filter(([, value]) => value !== "")), ...gate, ...black];
}

/** What the new site held against what was live, as far as more than the total is known. */
function gateLines(gate: NonNullable<HistoryEntry["gate"]>): string[] {
  const part = (title: string, lines: readonly string[]) =>
    lines.length > 0 ? ["", title, ...lines.map((line) => `  ${line}`)] : [];
  return [
    ...part("new site against live", kindLines(gate)),
    ...part("sources that lost most", lossLines(gate)),
    ...(gate.accepted ? part(acceptedText(gate.accepted), gate.accepted.what) : []),
  ];
}

function took({ startedAt, finishedAt }: HistoryEntry): string {
  return duration(Date.parse(finishedAt) - Date.parse(startedAt));
}

function results(run: HistoryEntry): string {
  return run.results === undefined ? "" : count(run.results);
}
