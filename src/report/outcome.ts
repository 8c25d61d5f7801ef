/** The head of the page: how it ended, in a sentence, and the numbers people ask for first. */
import { changeText } from "../domain/gate.ts";
import { endedWellBy } from "../domain/harvest-progress.ts";
import type { Report } from "../domain/report.ts";
import { phaseText } from "../domain/run.ts";
import { clockTime, count, date, duration } from "../domain/words.ts";
import { type Html, html, section, small, withCommands } from "./html.ts";

/** When the run ended, or when this was written down. Milliseconds since the epoch. */
export function endOf({ finishedAt, asOf }: Report): number {
  return Date.parse(finishedAt ?? asOf);
}

export function titleOf({ runId, phase }: Report): string {
  return `${runId}: ${phaseText(phase)}`;
}

export function head(report: Report): Html {
  const { phase } = report;
  const word = phaseText(phase).replace(/^./, (letter) => letter.toUpperCase());
  return html`<header>
    <p class="over">Rebuild of ${report.environment}, run ${report.runId}</p>
    <h1>${report.release} <span class="badge ${phase}">${word}</span></h1>
    <p class="lead">${sentence(report)}</p>
    ${tiles(report)}
  </header>`;
}

function sentence(report: Report): string {
  const { release, phase, previous, failure, startedAt } = report;
  const took = duration(endOf(report) - Date.parse(startedAt));
  const before = previous.join(" and ");
  const ended = `on ${date(endOf(report))} UTC, after ${took}.`;
  const step = report.steps.find(({ status }) => status === "running" || status === "failed")?.name;
  switch (phase) {
    case "succeeded":
      return `${release} went live; the rebuild was over ${ended}${before && ` Before it ${before} was live.`}`;
    case "rolled-back":
      return `${release} went live and the public names were put back${before && ` to ${before}`}; ended ${ended}`;
    case "failed":
    case "aborted": {
      const at = failure?.step ? ` at ${failure.step}` : "";
      return `${release} ended${at} ${ended}${before && ` Live was still ${before}.`}`;
    }
    default:
      return `${step ? `At ${step}` : "Between two steps"}, ${took} after the run began; as of ${date(endOf(report))} UTC.`;
  }
}

function tiles(report: Report): Html {
  const { gate, lists, totals, startedAt, finishedAt, jobs } = report;
  const sum = (key: "jobs" | "ended" | "bad") => lists.reduce((total, list) => total + list[key], 0);
  const all = sum("jobs");
  const bad = sum("bad") || jobs.filter(({ exitCode }) => !endedWellBy(exitCode)).length;
  const expected = lists.find((list) => list.endedAt === undefined && list.expectedAt)?.expectedAt;
  const items: (readonly [value: string, label: string] | false | undefined)[] = [
    [duration(endOf(report) - Date.parse(startedAt)), `since ${date(startedAt)} UTC`],
    all > 0 && [
      `${count(sum("ended"))} of ${count(all)} jobs`,
      bad > 0 ? `${count(bad)} did not end well` : `${duration(totals.seconds * 1000)} of work`,
    ],
    all > 0 && [count(totals.records), "records loaded"],
    gate && [
      count(gate.results),
      gate.liveResults === undefined
        ? "results; nothing to compare with"
        : `results (live: ${count(gate.liveResults)}, ${changeText(gate.results, gate.liveResults)})`,
    ],
    expected !== undefined && !finishedAt && [clockTime(expected), "harvest expected to be over"],
  ];
  return html`<ul class="tiles">
    ${items.map((item) => item && html`<li><b>${item[0]}</b><span>${item[1]}</span></li>`)}
  </ul>`;
}

/** Why it did not go live. */
export function failurePart({ failure, failed, gate }: Report): Html | undefined {
  if (!failure) return undefined;
  const { message, code, details = [], hint } = failure;
  // Jobs with their reasons have a table of their own, and so have counts.
  const isTold =
    (failed.length > 0 && code === "HARVEST_JOBS_FAILED") ||
    (gate?.kinds && code.startsWith("GATE_") && code !== "GATE_SENTINELS");
  return section(
    "Why",
    html`<div class="why">
      <p><strong>${message}</strong></p>
      ${!isTold && details.length > 0 && html`<pre>${details.join("\n")}</pre>`}
      ${hint !== undefined && html`<p>${withCommands(hint)}</p>`}
      ${small(`Code ${code}, explained in docs/errors.md`)}
    </div>`,
  );
}
