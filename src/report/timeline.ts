/** The steps and the jobs on one axis of time. */
import { endedWellBy } from "../domain/harvest-progress.ts";
import type { Report, ReportJob } from "../domain/report.ts";
import { clockTime, count, duration } from "../domain/words.ts";
import { section, small } from "./blocks.ts";
import { html, type Html, type Part } from "./html.ts";
import { endOf } from "./outcome.ts";

/** In milliseconds since the epoch. */
interface Span {
  start: number;
  end: number;
}

const tones: Readonly<Record<string, string>> = { done: "good", failed: "bad", running: "calm" };

export function timelinePart(report: Report): Html {
  const start = Date.parse(report.startedAt);
  const axis: Span = { start, end: Math.max(endOf(report), start + 1_000) };
  const { builders, steps } = report;
  return section(
    "Timeline",
    axisRow(axis),
    steps.map((step) => [stepRow(step, axis), step.name === "await-harvest" && jobsRow(report, axis)]),
    builders > 1 && small(`${builders} builders have worked on this run, one after the other.`),
  );
}

/** The times at the ends and half-way. */
function axisRow({ start, end }: Span): Html {
  const times = [start, (start + end) / 2, end].map((time) => html`<span>${clockTime(time)}</span>`);
  return barRow("UTC", "", html`<div class="axis">${times}</div>`);
}

function stepRow({ name, status, startedAt, finishedAt }: Report["steps"][number], axis: Span): Html {
  if (startedAt === undefined) return barRow(name, "not begun", html`<div class="track"></div>`);
  const span = { start: Date.parse(startedAt), end: finishedAt ? Date.parse(finishedAt) : axis.end };
  const took = duration(span.end - span.start);
  const said = status === "done" ? took : status === "skipped" ? "skipped" : `${status}, ${took}`;
  const { left, width } = place(span, axis);
  return barRow(
    name,
    html`<span class="${status === "failed" ? "bad" : ""}">${said}</span>`,
    html`<div class="track ${tones[status] ?? "soft"}">
      <div class="bar" style="left:min(${percent(left)},100% - 3px);width:${percent(width)}"></div>
    </div>`,
  );
}

/** One rectangle per execution, on the axis of the steps. */
function jobsRow({ jobs, totals }: Report, axis: Span): Html | false {
  const placed = jobs.filter((job) => job.from !== undefined);
  const missing = totals.jobs - jobs.length;
  return (
    placed.length > 0 &&
    barRow(
      missing > 0 ? `its jobs, without the ${count(missing)} quickest` : "its jobs",
      "",
      html`<div class="track">
        <svg role="img" aria-label="Jobs by time">${placed.map((job) => rectangle(job, axis))}</svg>
      </div>`,
    )
  );
}

function rectangle({ name, exitCode, from = 0, seconds, records }: ReportJob, axis: Span): Html {
  const start = axis.start + from * 1_000;
  const { left, width } = place({ start, end: start + seconds * 1_000 }, axis);
  const tone = endedWellBy(exitCode) ? "calm" : "bad";
  const about = `${name}: ${exitCode}, ${duration(seconds * 1_000)}, ${count(records)} records`;
  // A gap to the next one; the shortest can still be seen.
  const shown = percent(Math.max(0.0006, width * 0.96));
  return html`<rect class="${tone}" x="${percent(left)}" width="${shown}" height="100%"
    ><title>${about}</title></rect
  >`;
}

/** As shares of the axis. */
function place(span: Span, axis: Span): { left: number; width: number } {
  const share = (time: number) => Math.min(1, Math.max(0, (time - axis.start) / (axis.end - axis.start)));
  const left = share(span.start);
  return { left, width: share(span.end) - left };
}

function percent(share: number): string {
  return `${Math.round(share * 100_000) / 1000}%`;
}

/** Bars on a track, between what they are about and how long that took. */
function barRow(what: Part, took: Part, track: Html): Html {
  return html`<div class="row">
    <span class="what">${what}</span><span class="took">${took}</span>
    ${track}
  </div>`;
}
