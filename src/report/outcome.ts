/** The head of the page: how it ended, in a sentence, and the numbers people ask for first. */
import { isWell, type Report } from "../domain/report.ts";
import { clockTime, count, date, duration } from "../domain/words.ts";
import { html, type Html } from "./html.ts";

interface Outcome {
  word: string;
  /** Class of the colour. */
  tone: "good" | "bad" | "note" | "calm";
}

const outcomes: Readonly<Record<string, Outcome>> = {
  succeeded: { word: "Live", tone: "good" },
  failed: { word: "Failed", tone: "bad" },
  aborted: { word: "Aborted", tone: "note" },
  "rolled-back": { word: "Rolled back", tone: "bad" },
  running: { word: "Running", tone: "calm" },
  "waiting-approval": { word: "Waiting for approval", tone: "note" },
  interrupted: { word: "Interrupted, will go on", tone: "note" },
};

export function outcomeOf({ phase }: Report): Outcome {
  return outcomes[phase] ?? { word: phase, tone: "note" };
}

/** When the run ended, or when this was written down. Milliseconds since the epoch. */
export function endOf({ finishedAt, asOf }: Report): number {
  return Date.parse(finishedAt ?? asOf);
}

export function head(report: Report): Html {
  const { word, tone } = outcomeOf(report);
  return html`<header>
    <p class="over">Rebuild of ${report.environment}, run ${report.runId}</p>
    <h1>${report.release} <span class="badge ${tone}">${word}</span></h1>
    <p class="lead">${sentence(report)}</p>
    ${tiles(report)}
  </header>`;
}

function sentence(report: Report): string {
  const { release, phase, previous, failure, startedAt } = report;
  const took = duration(endOf(report) - Date.parse(startedAt));
  const before = previous.join(" and ");
  const ended = date(endOf(report));
  const step = report.steps.find(({ status }) => status === "running" || status === "failed")?.name;
  switch (phase) {
    case "succeeded":
      return `${release} went live; the rebuild was over on ${ended} UTC, after ${took}.${before ? ` Before it ${before} was live.` : ""}`;
    case "rolled-back":
      return `${release} went live and the public names were put back${before ? ` to ${before}` : ""}; ended on ${ended} UTC, after ${took}.`;
    case "failed":
    case "aborted": {
      const still = before ? ` Live was still ${before}.` : "";
      return `${release} ended${failure?.step ? ` at ${failure.step}` : ""} on ${ended} UTC, after ${took}.${still}`;
    }
    default:
      return `${step ? `At ${step}` : "Between two steps"} for ${took} since it began; as of ${ended} UTC.`;
  }
}

function tiles(report: Report): Html {
  const { gate, lists, totals, startedAt, jobs } = report;
  const [all, ended, bad] = [sum(lists, "jobs"), sum(lists, "ended"), sum(lists, "bad")];
  const expected = lists.find(({ endedAt, expectedAt }) => endedAt === undefined && expectedAt)?.expectedAt;
  const inHarvest = `${duration(totals.seconds * 1000)} of work`;
  const badNow = bad || jobs.filter((job) => !isWell(job)).length;
  const items: [string, string][] = [
    [duration(endOf(report) - Date.parse(startedAt)), `since ${date(Date.parse(startedAt))} UTC`],
    ...(all > 0
      ? [
          [
            `${count(ended)} of ${count(all)} jobs`,
            badNow > 0 ? `${count(badNow)} did not end well` : inHarvest,
          ] satisfies [string, string],
          [count(totals.records), "records loaded"] satisfies [string, string],
        ]
      : []),
    ...(gate
      ? [
          [
            count(gate.results),
            gate.liveResults === undefined
              ? "results; nothing to compare with"
              : `results (live: ${count(gate.liveResults)}, ${change(gate.results, gate.liveResults)})`,
          ] satisfies [string, string],
        ]
      : []),
    ...(expected && report.finishedAt === undefined
      ? [[clockTime(Date.parse(expected)), "harvest expected to be over"] satisfies [string, string]]
      : []),
  ];
  return html`<ul class="tiles">
    ${items.map(([value, label]) => html`<li><b>${value}</b><span>${label}</span></li>`)}
  </ul>`;
}

function sum(lists: Report["lists"], key: "jobs" | "ended" | "bad"): number {
  return lists.reduce((total, list) => total + list[key], 0);
}

/** `+0.1 %`; `new` where nothing was. */
export function change(now: number, before: number): string {
  if (before === 0) return now === 0 ? "same" : "new";
  const percent = ((now - before) / before) * 100;
  if (percent === 0) return "same";
  const text = Math.abs(percent) < 0.05 ? "<0.1" : Math.abs(percent).toFixed(1);
  return `${percent > 0 ? "+" : "−"}${text} %`;
}

/** Why it did not go live. */
export function failurePart({ failure, failed, gate }: Report): Html | undefined {
  if (!failure) return undefined;
  const { message, code, hint } = failure;
  // Jobs with their reasons have a table of their own, and so have counts.
  const told =
    (failed.length > 0 && code === "HARVEST_JOBS_FAILED") || (gate?.kinds && code.startsWith("GATE_"));
  const details = told && code !== "GATE_SENTINELS" ? [] : (failure.details ?? []);
  return html`<section>
    <h2>Why</h2>
    <div class="why">
      <p><strong>${message}</strong></p>
      ${details.length > 0 ? html`<pre>${details.join("\n")}</pre>` : undefined}
      ${hint === undefined ? undefined : html`<pre>${hint}</pre>`}
      <p class="small">Code <code>${code}</code>, explained in docs/errors.md</p>
    </div>
  </section>`;
}
