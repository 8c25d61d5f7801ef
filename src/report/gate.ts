/** What the new site was counted with before it went live, what got lost, and who accepted or approved it. */
import { acceptedText, changeText, gateRows } from "../domain/gate.ts";
import type { Report } from "../domain/report.ts";
import { date } from "../domain/words.ts";
import { facts, section, table } from "./blocks.ts";
import { html, type Html } from "./html.ts";

type Gate = NonNullable<Report["gate"]>;

export function gatePart({ gate, approval }: Report): Html | undefined {
  if (!gate && !approval) return undefined;
  return section(
    "Checked before going live",
    gate && countsTable(gate),
    gate && lossesTable(gate),
    gate?.accepted &&
      html`<div class="why said">
        <p><strong>Too little, and ${acceptedText(gate.accepted)}</strong></p>
        <pre>${gate.accepted.what.join("\n")}</pre>
      </div>`,
    approval && facts([["Approval", approvalText(approval)]]),
  );
}

function countsTable(gate: Gate): Html {
  const rows = gateRows(gate).map((row) => {
    const isFew = row.least !== undefined && row.found < row.least;
    return { ...row, tone: isFew ? "bad" : "" };
  });
  return table(rows, [
    { title: "Found by the search", text: ({ name }) => name },
    { title: "New site", isNumber: true, text: ({ found }) => found, tone: ({ tone }) => tone },
    { title: "Live site", isNumber: true, text: ({ live }) => live },
    {
      title: "Change",
      isNumber: true,
      text: ({ found, live }) => (live === undefined ? undefined : changeText(found, live)),
      tone: ({ tone }) => tone,
    },
    { title: "At least", isNumber: true, text: ({ least }) => least, tone: () => "soft" },
  ]);
}

function lossesTable({ losses = [] }: Gate): Html | undefined {
  if (losses.length === 0) return undefined;
  return html`<h3>Sources that lost most since the last run that went live</h3>
    ${table(losses, [
      { title: "Source", text: ({ source }) => source },
      { title: "Before", isNumber: true, text: ({ before }) => before },
      { title: "Now", isNumber: true, text: ({ records }) => records },
      {
        title: "Change",
        isNumber: true,
        text: ({ records, before }) => changeText(records, before),
        tone: () => "note",
      },
    ])}`;
}

function approvalText({ askedAt, by = "somebody", at }: NonNullable<Report["approval"]>): string {
  const asked = `asked for on ${date(Date.parse(askedAt))} UTC`;
  return at ? `by ${by} on ${date(Date.parse(at))} UTC (${asked})` : `not given (${asked})`;
}
