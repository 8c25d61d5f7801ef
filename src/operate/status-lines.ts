/** The status in words, for the terminal and for the live page. */
import { waitLines } from "../actions/waits.ts";
import type { Now } from "../domain/report.ts";
import { phaseText } from "../domain/run.ts";
import { bounded, clockTime, count, date, duration, failureLines, titled } from "../domain/words.ts";
import type { Status } from "./status.ts";

type Row = readonly [title: string, ...lines: string[]];

const barWidth = 28;

/** The status in lines for people; `now` in milliseconds since the epoch. */
export function statusLines(status: Status, now: number): string[] {
  return statusRows(status, now).flatMap((row) => titled(...row));
}

function statusRows(status: Status, now: number, draw = bar): Row[] {
  const { environment, live, run, later, history } = status;
  const releases =
    live.releases.join(" and ") || (live.unknown ? `unknown: ${live.unknown}` : `nothing of ${environment}`);
  const since = live.since === undefined ? "" : `   since ${date(live.since)}`;
  const update = live.directUpdate === undefined ? "" : `   direct update: ${live.directUpdate}`;
  const usual = history.medianMs === undefined ? "" : `; median ${duration(history.medianMs)}`;
  const last = `${history.live} of the last ${history.runs} runs went live${usual}`;
  return [
    ["live", `${releases}${since}${update}`],
    ...(run ? runRows(run, now, draw) : [["run", "none yet"] as const]),
    ["later", ...(later ? laterLines(later) : [])],
    ["last", ...(history.runs > 0 ? [last] : [])],
  ];
}

function laterLines({ runId, phase, failure }: NonNullable<Status["later"]>): string[] {
  const why = failure ? failureLines({ ...failure, details: [], hint: undefined }) : [];
  return [`${runId}   ${phaseText(phase)} before it installed anything`, ...why];
}

type StatusRun = NonNullable<Status["run"]>;

function runRows(run: StatusRun, now: number, draw = bar): Row[] {
  const end = run.finishedAt === undefined ? now : Date.parse(run.finishedAt);
  const builder = run.builder === undefined ? "" : `, builder ${run.builder}`;
  const { phase, failure, reopened, waits } = run;
  const took = duration(end - Date.parse(reopened?.at ?? run.startedAt));
  const how = phase === "running" ? "running" : `${phaseText(phase)} after`;
  const accepting = reopened?.reason ? `, accepting what had been rejected: ${reopened.reason}` : "";
  const details = bounded(failure?.details);
  return [
    ["run", `${run.runId} → ${run.release}   ${how} ${took}${builder}`],
    ["reopened", ...(reopened ? [`${date(reopened.at)} by ${reopened.by}${accepting}`] : [])],
    [phase === "failed" ? "failed" : "ended", ...(failure ? failureLines({ ...failure, details }) : [])],
    ...stepRows(run, now, draw),
    ["waits", ...(waits ? waitLines(waits) : [])],
    ...Object.entries(run.commands),
  ];
}

function stepRows({ phase, step, harvest, expectedAt }: StatusRun, now: number, draw = bar): Row[] {
  if (!step || phase === "succeeded") return [];
  const harvesting = step.name === "await-harvest" ? harvest : undefined;
  const progress = harvesting
    ? `  ${draw(harvesting.ended / harvesting.jobs)}  ${harvesting.ended} of ${harvesting.jobs}`
    : "";
  const expected = expectedAt === undefined ? "" : `   expected ${clockTime(expectedAt)}`;
  const isAtWork = harvesting?.current !== undefined && phase !== "failed" && phase !== "aborted";
  return [
    ["step", `${step.position} of ${step.of}  ${step.name}${progress}${expected}`],
    ["now", ...(isAtWork ? [currentText(harvesting, now)] : [])],
    ["slow", ...slowLines(harvesting)],
  ];
}

function slowLines(harvest: StatusRun["harvest"]): string[] {
  const names = (harvest?.slow ?? [])
    .filter(({ running }) => !running)
    .map(({ job, usualMs }) => `${job} (usually ${duration(usualMs)})`);
  return names.length > 0 ? [bounded(names).join(", ")] : [];
}

/** `Flora of Tropical East Africa   12,345 records   running 14m (usually 17m)`. */
function currentText(harvest: NonNullable<StatusRun["harvest"]>, now: number): string {
  const { current = "", records, currentSince, currentUsualMs, slow = [] } = harvest;
  const far = slow.some(({ running }) => running) ? ": far longer than usual" : "";
  const usual = currentUsualMs === undefined ? "" : ` (usually ${duration(currentUsualMs)})${far}`;
  return [
    current,
    ...(records === undefined ? [] : [`${count(records)} records`]),
    ...(currentSince === undefined ? [] : [`running ${duration(now - Date.parse(currentSince))}${usual}`]),
  ].join("   ");
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
  return `[${"█".repeat(full)}${"░".repeat(barWidth - full)}]`;
}

/** The status for the live page; `now` in milliseconds since the epoch. */
export function nowOf(status: Status, now: number, redact: (text: string) => string): Now {
  const { step, harvest } = status.run ?? {};
  const isHarvesting = step?.name === "await-harvest" && harvest;
  const rows = statusRows(status, now, () => "").filter(([, ...lines]) => lines.length > 0);
  return {
    share: isHarvesting ? harvest.ended / harvest.jobs : ((step?.position ?? 1) - 1) / (step?.of ?? 1),
    // What blanks keep apart in a terminal. Secrets are taken out before: folded they would not be known any more.
    rows: rows.map(([title, ...lines]) => {
      const text = lines.map(redact).join("; ").trim();
      return [title, text.replaceAll(/(?<!:) {2,}/g, " · ")];
    }),
  };
}
