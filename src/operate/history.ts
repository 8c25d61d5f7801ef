/** `history`: the last runs in a table, or all about one of them with what was seen of it when it failed. */
import { acceptedText, kindLines, lossLines } from "../domain/gate.ts";
import type { HistoryEntry } from "../domain/history.ts";
import type { Evidence } from "../domain/run.ts";
import { count, date, duration, table, under } from "../domain/words.ts";
import { ConfigError } from "../errors.ts";
import { readState } from "../pipeline/state.ts";
import type { World } from "../pipeline/world.ts";

/** Throws ConfigError USAGE for a run that is not among the last ones. */
export async function readHistory(world: World, wanted: string | undefined, signal: AbortSignal) {
  const { history, attachments } = await readState(world, signal);
  if (wanted === undefined) return { document: { runs: history.runs }, lines: overview(history.runs) };
  const run = history.runs.find(({ runId }) => runId === wanted);
  if (!run) {
    const what = "is not among the last runs; see powo-builder history";
    throw new ConfigError([{ where: wanted, what }], "USAGE");
  }
  const evidence = attachments.evidence.find(({ release }) => release === run.release);
  const found = evidence ? { ...run, evidence } : run;
  return { document: { runs: [found] }, lines: details(found) };
}

/** Newest first. */
export function overview(runs: readonly HistoryEntry[]): string[] {
  if (runs.length === 0) return ["no run has ended yet"];
  const rows = runs
    .toReversed()
    .map((run) => [run.runId, run.release, run.phase, took(run), results(run), run.failure?.code ?? ""]);
  return table([["run", "release", "outcome", "took", "results", "why"], ...rows]);
}

/** All about one run. */
export function details(run: HistoryEntry & { evidence?: Evidence }): string[] {
  const rows = [
    ["run", run.runId],
    ["release", run.release],
    ["outcome", run.phase],
    ["begun", date(Date.parse(run.startedAt))],
    ["took", took(run)],
    ["results", results(run)],
    ["jobs", jobsText(run)],
    ["chart", run.inputs?.chartCommit ?? ""],
    ["data", digest(run.inputs?.dataSha256)],
    ["values", digest(run.inputs?.valuesDigest)],
    ["failed at", run.failure?.step ?? ""],
    ["why", run.failure === undefined ? "" : `${run.failure.message} [${run.failure.code}]`],
  ];
  const { gate, evidence } = run;
  const blocks = [
    gate ? under("new site against live", kindLines(gate)) : [],
    gate ? under("sources that lost most", lossLines(gate)) : [],
    gate?.accepted ? under(acceptedText(gate.accepted), gate.accepted.what) : [],
    evidence ? under(seenText(evidence), evidence.lines) : [],
  ];
  const known = table(rows.filter(([, value]) => value !== ""));
  return [...known, ...blocks.flatMap((lines) => (lines.length > 0 ? ["", ...lines] : []))];
}

function seenText({ release, takenAt }: Evidence): string {
  return `what was seen of ${release} when it failed, ${date(Date.parse(takenAt))} UTC`;
}

function digest(sha256: string | undefined): string {
  return sha256 === undefined ? "" : `sha256 ${sha256}`;
}

/** Nothing where the run ended before its harvest; how far it came where it ended in its midst. */
function jobsText({ harvest }: HistoryEntry): string {
  if (!harvest) return "";
  const { jobs, ended, bad } = harvest;
  return bad === undefined ? `${jobs}, of which ${ended} had ended` : `${jobs}, ${bad} did not end well`;
}

function took({ startedAt, finishedAt }: HistoryEntry): string {
  return duration(Date.parse(finishedAt) - Date.parse(startedAt));
}

function results(run: HistoryEntry): string {
  return run.gate ? count(run.gate.results) : "";
}
