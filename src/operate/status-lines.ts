/** The status in lines for people. */
import { clockTime, count, date, duration, table } from "../domain/words.ts";
import type { Status } from "./status.ts";

const barWidth = 28;
/** How many lines about a failure are shown; the log and the report have all of them. */
const mostDetails = 10;

/** The status in lines for people; `now` in milliseconds since the epoch. */
export function statusLines({ environment, live, run, history }: Status, now: number): string[] {
  const releases =
    live.releases.join(" and ") || (live.unknown ? `unknown: ${live.unknown}` : `nothing of ${environment}`);
  const since = live.since === undefined ? "" : `   since ${date(Date.parse(live.since))}`;
  const update = live.directUpdate === undefined ? "" : `   direct update: ${live.directUpdate}`;
  const lines = [line("live", `${releases}${since}${update}`)];
  if (!run) lines.push(line("run", "none yet"));
  else lines.push(...runLines(run, now));
  if (history.runs > 0) {
    const usual = history.medianMs === undefined ? "" : `; median ${duration(history.medianMs)}`;
    lines.push(line("last", `${history.live} of the last ${history.runs} runs went live${usual}`));
  }
  return lines;
}

/** The jobs of the harvest that ended last, newest last: what one wants to see pass by. */
export function lastJobLines({ run }: Status): string[] {
  if (run?.step?.name !== "await-harvest") return [];
  const rows = (run.harvest?.recent ?? []).map(({ job, exitCode, seconds, records }) => [
    job,
    exitCode === "COMPLETED" ? "done" : exitCode.toLowerCase().replaceAll("_", " "),
    duration(seconds * 1000),
    `${count(records)} records`,
  ]);
  return table(rows).map((text, index) => line(index === 0 ? "ended" : "", text));
}

function line(title: string, text: string): string {
  return `${title.padEnd(9)} ${text}`;
}

type StatusRun = NonNullable<Status["run"]>;

function runLines(run: StatusRun, now: number): string[] {
  const end = run.finishedAt === undefined ? now : Date.parse(run.finishedAt);
  const builder = run.builder === undefined ? "" : `, builder ${run.builder}`;
  const took = duration(end - Date.parse(run.startedAt));
  return [
    line("run", `${run.runId} → ${run.release}   ${run.phase} ${took}${builder}`),
    ...failureLines(run),
    ...stepLines(run, now),
    ...Object.entries(run.commands).map(([title, command]) => line(title, command)),
  ];
}

function failureLines({ failure, phase }: StatusRun): string[] {
  if (!failure) return [];
  const { code, message, details = [], hint } = failure;
  const more = details.length > mostDetails ? [`… and ${details.length - mostDetails} more`] : [];
  return [
    line(phase === "failed" ? "failed" : "ended", `${message} [${code}]`),
    ...[...details.slice(0, mostDetails), ...more].map((detail) => line("", `  ${detail}`)),
    ...(hint === undefined ? [] : [line("", hint)]),
    line("", `more: docs/errors.md#${code.toLowerCase()}`),
  ];
}

function stepLines({ phase, step, harvest, expectedAt }: StatusRun, now: number): string[] {
  if (!step || phase === "succeeded") return [];
  const harvesting = step.name === "await-harvest" ? harvest : undefined;
  const progress = harvesting
    ? `  ${bar(harvesting.ended / harvesting.jobs)}  ${harvesting.ended} of ${harvesting.jobs}`
    : "";
  const expected = expectedAt === undefined ? "" : `   expected ${clockTime(Date.parse(expectedAt))}`;
  const lines = [line("step", `${step.position} of ${step.of}  ${step.name}${progress}${expected}`)];
  const slow = slowLines(harvesting);
  if (harvesting?.current === undefined || phase === "failed" || phase === "aborted")
    return [...lines, ...slow];
  return [...lines, line("now", currentText(harvesting, now)), ...slow];
}

/** Jobs that took far longer than usual; of the one at work `now` tells. */
function slowLines(harvest: StatusRun["harvest"]): string[] {
  const names = (harvest?.slow ?? [])
    .filter(({ running }) => !running)
    .map(({ job, usualMs }) => `${job} (usually ${duration(usualMs)})`);
  return names.length > 0 ? [line("slow", names.join(", "))] : [];
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
