/** What the new site was counted with before it went live, what got lost, who accepted or approved it; and its images. */
import { acceptedText, gateRows } from "../domain/gate.ts";
import { changedImages } from "../domain/images.ts";
import type { Report } from "../domain/report.ts";
import { count, date } from "../domain/words.ts";
import { html, type Html } from "./html.ts";
import { change } from "./outcome.ts";

export function gatePart(report: Report): Html | undefined {
  const { gate, approval } = report;
  if (!gate && !approval) return undefined;
  return html`<section>
    <h2>Checked before going live</h2>
    ${gate ? countsTable(gate) : undefined} ${gate ? lossesTable(gate) : undefined}
    ${
      gate?.accepted
        ? html`<div class="why said">
            <p><strong>Too little, and ${acceptedText(gate.accepted)}</strong></p>
            <pre>${gate.accepted.what.join("\n")}</pre>
          </div>`
        : undefined
    }
    ${
      approval
        ? html`<dl>
            <dt>Approval</dt>
            <dd>${approvalText(approval)}</dd>
          </dl>`
        : undefined
    }
  </section>`;
}

type Gate = NonNullable<Report["gate"]>;

function countsTable(gate: Gate): Html {
  const rows = gateRows(gate);
  const compared = rows.some(({ live }) => live !== undefined);
  const comparison = compared
    ? html`<th class="n">Live site</th>
        <th class="n">Change</th>
        <th class="n">At least</th>`
    : undefined;
  return html`<table class="cards">
    <thead>
      <tr>
        <th>Found by the search</th>
        <th class="n">New site</th>
        ${comparison}
      </tr>
    </thead>
    <tbody>
      ${rows.map(({ name, found, live, least }) => {
        const few = least !== undefined && found < least;
        const cells = compared
          ? html`<td class="n" data-l="live">${live === undefined ? "" : count(live)}</td>
              <td class="n ${few ? "bad" : ""}" data-l="change">
                ${live === undefined ? "" : change(found, live)}
              </td>
              <td class="n soft" data-l="at least">${least === undefined ? "" : count(least)}</td>`
          : undefined;
        return html`<tr>
          <td>${name}</td>
          <td class="n ${few ? "bad" : ""}" data-l="new">${count(found)}</td>
          ${cells}
        </tr>`;
      })}
    </tbody>
  </table>`;
}

function lossesTable({ losses = [] }: Gate): Html | undefined {
  if (losses.length === 0) return undefined;
  return html`<h3>Sources that lost most since the last run that went live</h3>
    <table class="cards">
      <thead>
        <tr>
          <th>Source</th>
          <th class="n">Before</th>
          <th class="n">Now</th>
          <th class="n">Change</th>
        </tr>
      </thead>
      <tbody>
        ${losses.map(
          ({ source, records, before }) =>
            html`<tr>
              <td>${source}</td>
              <td class="n" data-l="before">${count(before)}</td>
              <td class="n" data-l="now">${count(records)}</td>
              <td class="n note" data-l="change">${change(records, before)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

function approvalText({ askedAt, by, at }: NonNullable<Report["approval"]>): string {
  const asked = `asked for on ${date(Date.parse(askedAt))} UTC`;
  return at ? `by ${by ?? "somebody"} on ${date(Date.parse(at))} UTC (${asked})` : `not given (${asked})`;
}

/** Images old and new; those that stay the same are counted, and folded. */
export function imagesPart({ images = [] }: Report): Html | undefined {
  if (images.length === 0) return undefined;
  const known = images.some(({ from }) => from !== undefined);
  const changed = known
    ? changedImages(images.map(({ container, from, to }) => ({ container, from, to })))
    : [];
  const same = images.filter(({ container }) => !changed.some((one) => one.container === container));
  const said = !known
    ? "What was live before can't be told."
    : changed.length === 0
      ? "The same as of the site that was live."
      : undefined;
  return html`<section>
    <h2>Images</h2>
    ${said === undefined ? undefined : html`<p class="small">${said}</p>`}
    ${changed.length > 0 ? imagesTable(changed) : undefined}
    ${
      same.length > 0
        ? html`<details>
            <summary>${changed.length > 0 ? "unchanged" : "all"}: ${same.length}</summary>
            <dl>
              ${same.map(
                ({ container, to = "" }) =>
                  html`<dt>${container}</dt>
                    <dd>${to}</dd>`,
              )}
            </dl>
          </details>`
        : undefined
    }
  </section>`;
}

function imagesTable(changed: ReturnType<typeof changedImages>): Html {
  return html`<table class="cards">
    <thead>
      <tr>
        <th>Container</th>
        <th>Live before</th>
        <th>New</th>
      </tr>
    </thead>
    <tbody>
      ${changed.map(
        ({ container, from = "none", to = "none" }) =>
          html`<tr>
            <td>${container}</td>
            <td data-l="before">${from}</td>
            <td class="note" data-l="new">${to}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
