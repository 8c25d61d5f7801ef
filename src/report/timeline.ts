/** The steps and the jobs on one axis of time. */
import { isWell, type Report, type ReportJob } from "../domain/report.ts";
import { clockTime, count, duration } from "../domain/words.ts";
import { html, type Html } from "./html.ts";
import { endOf } from "./outcome.ts";

interface Span {
  start: number;
  end: number;
}

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000] as const;
const ticks = [
  ...[1, 5, 10, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 4, 6, 12].map((n) => n * hour),
  ...[1, 2, 7].map((n) => n * day),
];
const mostTicks = 4;
const tones: Readonly<Record<string, string>> = {
  done: "good",
  failed: "bad",
  running: "calm",
  skipped: "soft",
  pending: "soft",
};

export function timelinePart(report: Report): Html {
  const start = Date.parse(report.startedAt);
  const axis: Span = { start, end: Math.max(endOf(report), start + second) };
  return html`<section>
    <h2>Timeline</h2>
    ${axisRow(axis)} ${report.steps.map((step) => stepRow(step, axis, report))} ${legend(report)}
  </section>`;
}

function stepRow(step: Report["steps"][number], axis: Span, report: Report): Html {
  const { name, status, startedAt, finishedAt, attempts, output } = step;
  if (startedAt === undefined) {
    return html`<div class="row">
      <span class="what soft">${name}</span><span class="took">not begun</span>
      <div class="track"></div>
    </div>`;
  }
  const span = { start: Date.parse(startedAt), end: finishedAt ? Date.parse(finishedAt) : axis.end };
  const took = duration(span.end - span.start);
  const tries = attempts > 1 ? `, begun ${attempts} times` : "";
  const title = `${name}: ${status}, ${took}${tries}${output ? `; ${output}` : ""}`;
  return html`<div class="row" title="${title}">
      <span class="what">${name}</span>
      <span class="took ${status === "failed" ? "bad" : ""}"
        >${status === "done" ? took : status === "skipped" ? "skipped" : `${status}, ${took}`}</span
      >
      <div class="track ${tones[status] ?? "soft"}"><div class="bar" style="${place(span, axis)}"></div></div>
    </div>
    ${name === "await-harvest" ? jobsRow(report, axis) : undefined}`;
}

function place(span: Span, axis: Span): string {
  const left = share(span.start, axis);
  return `left:min(${percent(left)},100% - 3px);width:${percent(share(span.end, axis) - left)}`;
}

function share(time: number, { start, end }: Span): number {
  return Math.min(1, Math.max(0, (time - start) / (end - start)));
}

function percent(part: number): string {
  return `${Math.round(part * 100_000) / 1000}%`;
}

/** One rectangle per execution, on the axis of the steps. */
function jobsRow(report: Report, axis: Span): Html | undefined {
  const placed = report.jobs.filter((job) => job.from !== undefined);
  if (placed.length === 0) return undefined;
  return html`<div class="row">
    <span class="what soft">its jobs</span><span class="took"></span>
    <div class="track">
      <svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="Jobs by time">
        ${placed.map((job) => rectangle(job, axis))}
      </svg>
    </div>
  </div>`;
}

function rectangle(job: ReportJob, axis: Span): Html {
  const start = axis.start + (job.from ?? 0) * second;
  const x = share(start, axis) * 1000;
  const width = Math.max(1, share(start + job.seconds * second, axis) * 1000 - x);
  const tone = isWell(job) ? "calm" : "bad";
  const about = `${job.name}: ${job.exitCode}, ${duration(job.seconds * second)}, ${count(job.records)} records`;
  return html`<rect
    class="${tone}"
    x="${round(x)}"
    y="0"
    width="${round(Math.max(0.6, width * 0.96))}"
    height="10"
    fill="currentColor"
    ><title>${about}</title></rect
  >`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function axisRow(axis: Span): Html {
  const length = axis.end - axis.start;
  const step = ticks.find((candidate) => length / candidate <= mostTicks) ?? length;
  const times: number[] = [axis.start];
  const first = Math.ceil(axis.start / step) * step;
  for (let time = first; time < axis.end; time += step) times.push(time);
  times.push(axis.end);
  // The ends always; between them what does not run into its neighbour.
  const shown = times.filter((time, index) => {
    if (index === 0 || index === times.length - 1) return true;
    return time - axis.start > length * 0.27 && axis.end - time > length * 0.27;
  });
  return html`<div class="row">
    <span class="what soft">UTC</span><span class="took"></span>
    <div class="axis">
      ${shown.map((time) => html`<span style="left:${percent(share(time, axis))}">${clockTime(time)}</span>`)}
    </div>
  </div>`;
}

function legend({ builders, jobs, totals }: Report): Html | undefined {
  const lines = [
    ...(builders > 1 ? [`${builders} builders have worked on this run, one after the other.`] : []),
    ...(totals.jobs > jobs.length
      ? [`The ${count(totals.jobs - jobs.length)} quickest of ${count(totals.jobs)} jobs are not drawn.`]
      : []),
  ];
  return lines.length > 0 ? html`<p class="small">${lines.join(" ")}</p>` : undefined;
}
