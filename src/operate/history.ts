/**
 * Looks back: `history` shows the last runs in a table, or all about one of them with what was seen of it when it failed;
 * `report` finds what its page shows.
 */
import { acceptedText, kindLines, lossLines } from "../domain/gate.ts";
import type { HistoryEntry } from "../domain/history.ts";
import { jobNames } from "../domain/job-names.ts";
import { pastRunOf } from "../domain/past-run.ts";
import { approvalText, reportOf } from "../domain/report.ts";
import type { Evidence } from "../domain/attachments.ts";
import { isOver, phaseText } from "../domain/run.ts";
import { count, date, duration, table, under } from "../domain/words.ts";
import { ConfigError } from "../errors.ts";
import { readState } from "../pipeline/state.ts";
import { ask, type World } from "../pipeline/world.ts";

const notAmong = "is not among the last runs; see powo-builder history";
const mistake = (where: string, what: string) => new ConfigError([{ where, what }], "USAGE");

/** Throws ConfigError USAGE for a run that is not among the last ones. */
export async function readHistory(world: World, wanted: string | undefined, signal: AbortSignal) {
  const { history, attachments } = await readState(world, signal);
  if (wanted === undefined) return { document: { runs: history.runs }, lines: overview(history.runs) };
  const run = history.runs.find(({ runId }) => runId === wanted);
  if (!run) throw mistake(wanted, notAmong);
  const evidence = attachments.evidence.find(({ release }) => release === run.release);
  const found = evidence ? { ...run, evidence } : run;
  return { document: { runs: [found] }, lines: details(found) };
}

/** Newest first. */
export function overview(runs: readonly HistoryEntry[]): string[] {
  if (runs.length === 0) return ["no run has ended yet"];
  const rows = runs.toReversed().map((run) => {
    const { runId, release, phase, failure } = run;
    return [runId, release, phaseText(phase), took(run), results(run), failure?.code ?? ""];
  });
  return table([["run", "release", "outcome", "took", "results", "why"], ...rows]);
}

export function details(run: HistoryEntry & { evidence?: Evidence }): string[] {
  const rows = [
    ["run", run.runId],
    ["release", run.release],
    ["outcome", phaseText(run.phase)],
    ["begun", date(run.startedAt)],
    ["took", took(run)],
    ["approved", run.approval ? approvalText(run.approval) : ""],
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
    evidence ? under(seenOf(evidence), evidence.lines) : [],
  ];
  const known = table(rows.filter(([, value]) => value !== ""));
  return [...known, ...blocks.flatMap((lines) => (lines.length > 0 ? ["", ...lines] : []))];
}

const seenOf = ({ release, takenAt }: Evidence) =>
  `state of ${release} when the run failed, ${date(takenAt)} UTC`;

const digest = (sha256: string | undefined) => (sha256 === undefined ? "" : `sha256 ${sha256}`);

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

/**
 * The report of a run: of the one in the state as it is now, or of one that is kept. Throws ConfigError USAGE for a run that nothing is known of any more, with those that are.
 */
export async function findReport(world: World, wanted: string | undefined, signal: AbortSignal) {
  const { run, history, attachments } = await readState(world, signal);
  const now = world.clock.now();
  const kept = attachments.past.find((past) => past.run.runId === (wanted ?? run?.runId));
  // What is kept has its jobs by name, whatever data configuration has been pinned since.
  if (kept && isOver(kept.run.phase) && (kept.run.runId !== run?.runId || isOver(run.phase)))
    return reportOf(kept, attachments.past, now);
  if (run && (wanted === undefined || wanted === run.runId)) {
    const document = await ask(world, () => world.store.loadDocument(run.documentSlot ?? 1), signal);
    const names = jobNames(document, world.redact);
    return reportOf(pastRunOf(run, attachments.jobs, names), attachments.past, now);
  }
  if (wanted === undefined) throw mistake("report", "no run has begun yet: there is nothing to show");
  const known = new Set([...attachments.past.map((past) => past.run.runId), ...(run ? [run.runId] : [])]);
  const those = known.size > 0 ? `; there are reports of ${[...known].join(", ")}` : "";
  const what = history.runs.some(({ runId }) => runId === wanted)
    ? `is too long ago for a report; see powo-builder history ${wanted}`
    : notAmong;
  throw mistake(wanted, `${what}${those}`);
}
