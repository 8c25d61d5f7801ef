/** The jobs, the slowest first: which failed, and what each loaded against the run before. */
import { changeText } from "../domain/gate.ts";
import { endedWellBy } from "../domain/harvest-progress.ts";
import type { Report, ReportJob } from "../domain/report.ts";
import { bounded, count, duration } from "../domain/words.ts";
import { type Column, html, type Html, section, small, table } from "./html.ts";

const maxOpen = 120;
/** A job that loaded less than this share of the run before is pointed out. */
const lossShare = 0.9;

export function failedPart({ failed, lists }: Report): Html | undefined {
  if (failed.length === 0) return undefined;
  const all = lists.reduce((sum, { bad }) => sum + bad, 0);
  return section(
    "Jobs that did not end well",
    table(failed, [
      { title: "No.", isNumber: true, text: ({ position }) => position },
      { title: "Job", text: ({ name }) => name },
      { title: "Ended", text: ({ exitCode }) => exitCode, tone: () => "bad" },
      { title: "Reason", text: ({ reason }) => reason },
    ]),
    all > failed.length && small(`The first ${failed.length} of ${all}.`),
  );
}

const columns: readonly Column<ReportJob>[] = [
  { title: "No.", isNumber: true, text: ({ position }) => position },
  { title: "Job", text: ({ name }) => name },
  {
    title: "Ended",
    text: ({ exitCode }) => exitCode.toLowerCase().replaceAll("_", " "),
    tone: ({ exitCode }) => (endedWellBy(exitCode) ? "soft" : "bad"),
  },
  { title: "Took", isNumber: true, text: ({ seconds }) => duration(seconds * 1000) },
  { title: "Took before", isNumber: true, text: ({ before }) => before && duration(before.seconds * 1000) },
  { title: "Records", isNumber: true, text: ({ records }) => records },
  { title: "Records before", isNumber: true, text: ({ before }) => before?.records },
  {
    title: "Change",
    isNumber: true,
    text: ({ records, before, exitCode }) =>
      before && exitCode === "COMPLETED" ? changeText(records, before.records) : undefined,
    tone: (job) => (hasLost(job) ? "note" : ""),
  },
];

/** Jobs that were named in the log because they took far longer than in the last good runs. */
function slowNote(lists: Report["lists"]): Html | undefined {
  const slow = lists.flatMap((list) => list.slow ?? []);
  if (slow.length === 0) return undefined;
  const said = slow.map(({ name, seconds, usualSeconds }) => {
    const took = seconds === undefined ? "still at it" : `took ${duration(seconds * 1000)}`;
    return `${name} (${took}, usually ${duration(usualSeconds * 1000)})`;
  });
  return html`<p class="note">Far slower than usual: ${bounded(said).join("; ")}.</p>`;
}

export function jobsPart({ jobs, totals, lists }: Report): Html | undefined {
  if (jobs.length === 0) return undefined;
  const losses = jobs.filter(hasLost).length;
  const lost = `${jobsText(losses)} loaded at least a tenth less than in the run before.`;
  const shown = `${count(jobs.length)} of ${count(totals.jobs)}: those that did not end well, and the slowest.`;
  const slowestFirst = jobs.toSorted((one, other) => other.seconds - one.seconds);
  return section(
    "Jobs, the slowest first",
    slowNote(lists),
    losses > 0 && html`<p class="note">${lost}</p>`,
    totals.jobs > jobs.length && small(shown),
    html`<details ${jobs.length <= maxOpen && html`open`}>
      <summary>${jobsText(jobs.length)}</summary>
      ${table(slowestFirst, columns)}
    </details>`,
  );
}

const jobsText = (amount: number) => (amount === 1 ? "1 job" : `${count(amount)} jobs`);

function hasLost({ before, records, exitCode }: ReportJob): boolean {
  return exitCode === "COMPLETED" && before !== undefined && records < before.records * lossShare;
}
