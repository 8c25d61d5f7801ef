/** The steps and the jobs on one axis of time. */
import { endedWellBy } from "../domain/harvest-progress.ts";
import type { Report, ReportJob } from "../domain/report.ts";
import { clockTime, count, duration } from "../domain/words.ts";
import { html, type Html, type Part, section, small } from "./html.ts";
import { endOf } from "./outcome.ts";

interface Span {
  start: number;
  end: number;
}

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

function axisRow({ start, end }: Span): Html {
  const times = [start, (start + end) / 2, end].map((time) => html`<span>${clockTime(time)}</span>`);
  return barRow("UTC", "", html`<div class="axis">${times}</div>`);
}

function stepRow({ name, status, startedAt, finishedAt }: Report["steps"][number], axis: Span): Html {
  if (startedAt === undefined) return barRow(name, "not begun", html`<div class="track"></div>`);
  const span = { start: Date.parse(startedAt), end: finishedAt ? Date.parse(finishedAt) : axis.end };
  const took = duration(span.end - span.start);
  const said = status === "done" ? took : status === "skipped" ? "skipped" : `${status}, ${took}`;
  return barRow(
    name,
    html`<span class="${status === "failed" ? "bad" : ""}">${said}</span>`,
    html`<div class="track">${bar(span, axis, status)}</div>`,
  );
}

function jobsRow({ jobs, totals }: Report, axis: Span): Html | false {
  const placed = jobs.filter((job) => job.from !== undefined);
  const missing = totals.jobs - jobs.length;
  const title = missing > 0 ? `its jobs, without the ${count(missing)} quickest` : "its jobs";
  return (
    placed.length > 0 &&
    barRow(title, "", html`<div class="track jobs">${placed.map((job) => jobBar(job, axis))}</div>`)
  );
}

function jobBar({ name, exitCode, from = 0, seconds, records }: ReportJob, axis: Span): Html {
  const start = axis.start + from * 1_000;
  const about = `${name}: ${exitCode}, ${duration(seconds * 1_000)}, ${count(records)} records`;
  return bar({ start, end: start + seconds * 1_000 }, axis, endedWellBy(exitCode) ? "calm" : "bad", about);
}

function bar(span: Span, axis: Span, tone: string, about?: string): Html {
  const share = (time: number) => Math.min(1, Math.max(0, (time - axis.start) / (axis.end - axis.start)));
  const left = share(span.start);
  const style = `left:min(${percent(left)},100% - 3px);width:${percent(share(span.end) - left)}`;
  return html`<div
    class="bar ${tone}"
    style="${style}"
    ${about !== undefined && html`title="${about}"`}
  ></div>`;
}

function percent(share: number): string {
  return `${Math.round(share * 100_000) / 1000}%`;
}

function barRow(what: Part, took: Part, track: Html): Html {
  return html`<div class="row">
    <span class="what">${what}</span><span class="took">${took}</span>
    ${track}
  </div>`;
}
