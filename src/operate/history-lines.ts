/** The history in lines for people: all runs in a table, or all about one. */
import { acceptedText, kindLines, lossLines } from "../domain/gate.ts";
import type { HistoryEntry } from "../domain/history.ts";
import type { Evidence } from "../domain/run.ts";
import { count, date, duration, table } from "../domain/words.ts";

/** Newest first. */
export function overview(runs: readonly HistoryEntry[]): string[] {
  if (runs.length === 0) return ["no run has ended yet"];
  const rows = runs
    .toReversed()
    .map((run) => [run.runId, run.release, run.phase, took(run), results(run), run.failure?.code ?? ""]);
  return table([["run", "release", "outcome", "took", "results", "why"], ...rows]).map((line) =>
    line.trimEnd(),
  );
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
  const gate = run.gate ? gateLines(run.gate) : [];
  const evidence = run.evidence ? ["", ...evidenceLines(run.evidence)] : [];
  return [...table(rows.filter(([, value]) => value !== "")), ...gate, ...evidence];
}

function digest(sha256: string | undefined): string {
  return sha256 === undefined ? "" : `sha256 ${sha256}`;
}

function evidenceLines({ release, takenAt, lines }: Evidence): string[] {
  const title = `what was seen of ${release} when it failed, ${date(Date.parse(takenAt))} UTC`;
  return [title, ...lines.map((line) => `  ${line}`)];
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
