/** The jobs: which failed, which took longest, and what each loaded against the run before. */
import { isWell, type Report, type ReportJob } from "../domain/report.ts";
import { count, duration } from "../domain/words.ts";
import { html, type Html } from "./html.ts";
import { change } from "./outcome.ts";

const slowestShown = 10;
/** A table that is longer is folded. */
const longestOpen = 120;
/** A job that loaded less than this share of the run before is pointed out. */
const lossShare = 0.9;

export function failedPart({ failed, lists }: Report): Html | undefined {
  if (failed.length === 0) return undefined;
  const all = lists.reduce((sum, { bad }) => sum + bad, 0);
  const more =
    all > failed.length ? html`<p class="small">The first ${failed.length} of ${all}.</p>` : undefined;
  return html`<section>
    <h2>Jobs that did not end well</h2>
    <table class="cards">
      <thead>
        <tr>
          <th class="n">No.</th>
          <th>Job</th>
          <th>Ended</th>
          <th>Reason</th>
        </tr>
      </thead>
      <tbody>
        ${failed.map(
          ({ position, name, exitCode, reason = "" }) =>
            html`<tr>
              <td class="n" data-l="No.">${position}</td>
              <td>${name}</td>
              <td class="bad" data-l="ended">${exitCode}</td>
              <td>${reason}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${more}
  </section>`;
}

export function slowestPart({ jobs, lists }: Report): Html | undefined {
  const slowest = jobs
    .filter(({ seconds }) => seconds > 0)
    .toSorted((one, other) => other.seconds - one.seconds)
    .slice(0, slowestShown);
  if (slowest.length < 2) return undefined;
  const longest = Math.max(...slowest.map(({ seconds, before }) => Math.max(seconds, before?.seconds ?? 0)));
  const marked = slowest.some(({ before }) => before);
  return html`<section>
    <h2>Slowest jobs</h2>
    ${slowest.map((job) => slowRow(job, longest))} ${slowNote(lists)}
    ${marked ? html`<p class="small">The upright line is the time that the job took in the run before.</p>` : undefined}
  </section>`;
}

/** Jobs that were named in the log because they took far longer than in the last good runs. */
function slowNote(lists: Report["lists"]): Html | undefined {
  const slow = lists.flatMap((list) => list.slow ?? []);
  if (slow.length === 0) return undefined;
  const said = slow.map(({ name, seconds, usualSeconds }) => {
    const took = seconds === undefined ? "still at it" : `took ${duration(seconds * 1000)}`;
    return `${name} (${took}, usually ${duration(usualSeconds * 1000)})`;
  });
  return html`<p class="note">Far slower than usual: ${said.join("; ")}.</p>`;
}

function slowRow(job: ReportJob, longest: number): Html {
  const { name, seconds, before } = job;
  const took = duration(seconds * 1000);
  const usual = before ? ` (${duration(before.seconds * 1000)})` : "";
  const part = (value: number) => `${Math.round((value / longest) * 1000) / 10}%`;
  return html`<div class="row job">
    <span class="what">${name}</span><span class="took">${took}${usual}</span>
    <div class="track ${isWell(job) ? "calm" : "bad"}">
      <div class="bar" style="left:0;width:${part(seconds)}"></div>
      ${before ? html`<div class="usual" style="left:min(${part(before.seconds)},100% - 2px)"></div>` : undefined}
    </div>
  </div>`;
}

export function recordsPart({ jobs, totals }: Report): Html | undefined {
  if (jobs.length === 0) return undefined;
  const shown =
    totals.jobs > jobs.length
      ? html`<p class="small">
          ${count(jobs.length)} of ${count(totals.jobs)}: those that did not end well, and the slowest.
        </p>`
      : undefined;
  const losses = jobs.filter(hasLost).length;
  const lost =
    losses > 0
      ? html`<p class="note">
          ${losses === 1 ? "1 job" : `${losses} jobs`} loaded at least a tenth less than in the run before.
        </p>`
      : undefined;
  return html`<section>
    <h2>Records per job</h2>
    ${lost} ${shown}
    <details ${jobs.length <= longestOpen ? html`open` : undefined}>
      <summary>${jobs.length === 1 ? "1 job" : `${count(jobs.length)} jobs`}</summary>
      ${recordsTable(jobs)}
    </details>
  </section>`;
}

function recordsTable(jobs: readonly ReportJob[]): Html {
  const compared = jobs.some(({ before }) => before);
  const comparison = compared
    ? html`<th class="n">Run before</th>
        <th class="n">Change</th>`
    : undefined;
  return html`<table class="cards">
    <thead>
      <tr>
        <th class="n">No.</th>
        <th>Job</th>
        <th>Ended</th>
        <th class="n">Took</th>
        <th class="n">Records</th>
        ${comparison}
      </tr>
    </thead>
    <tbody>
      ${jobs.map((job) => recordsRow(job, compared))}
    </tbody>
  </table>`;
}

function recordsRow(job: ReportJob, compared: boolean): Html {
  const { position, name, exitCode, seconds, records, before } = job;
  const fresh = before && isWell(job) && exitCode !== "NOT_MODIFIED" ? before : undefined;
  const comparison = compared
    ? html`<td class="n" data-l="before">${before ? count(before.records) : ""}</td>
        <td class="n ${hasLost(job) ? "note" : ""}">${fresh ? change(records, fresh.records) : ""}</td>`
    : undefined;
  return html`<tr>
    <td class="n" data-l="No.">${position}</td>
    <td>${name}</td>
    <td class="${isWell(job) ? "soft" : "bad"}">${exitCode.toLowerCase().replaceAll("_", " ")}</td>
    <td class="n" data-l="took">${duration(seconds * 1000)}</td>
    <td class="n" data-l="records">${count(records)}</td>
    ${comparison}
  </tr>`;
}

function hasLost({ before, records, exitCode }: ReportJob): boolean {
  return exitCode === "COMPLETED" && before !== undefined && records < before.records * lossShare;
}
