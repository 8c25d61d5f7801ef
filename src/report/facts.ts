/** What went in and what came of it: counts before going live, public names, images, inputs. */
import { acceptedText, changeText, gateRows } from "../domain/gate.ts";
import { changedImages } from "../domain/images.ts";
import { approvalText, type Report } from "../domain/report.ts";
import { date } from "../domain/words.ts";
import { facts, html, type Html, section, small, table } from "./html.ts";

type Gate = NonNullable<Report["gate"]>;

/** What the new site was counted with before it went live, what got lost, and who accepted or approved it. */
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
  const tone = ({ isFew }: { isFew: boolean }) => (isFew ? "bad" : "");
  return table(gateRows(gate), [
    { title: "Found by the search", text: ({ name }) => name },
    { title: "New site", isNumber: true, text: ({ found }) => found, tone },
    { title: "Live site", isNumber: true, text: ({ live }) => live },
    { title: "Change", isNumber: true, text: ({ found, live }) => changeText(found, live), tone },
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
      { title: "Change", isNumber: true, text: ({ records, before }) => changeText(records, before) },
    ])}`;
}

export function dnsPart({ dns }: Report): Html | undefined {
  if (dns.names.length === 0) return undefined;
  const state = dns.undoneAt
    ? `Pointed at the new addresses, and put back on ${date(dns.undoneAt)} UTC.`
    : dns.swappedAt
      ? `In effect since ${date(dns.swappedAt)} UTC.`
      : "Not changed by this run: the old addresses hold.";
  const names = table(dns.names, [
    { title: "Name", text: ({ name }) => name },
    { title: "Before", text: ({ before = "none" }) => before },
    { title: "New release", text: ({ after = "" }) => after },
    { title: "TTL", isNumber: true, text: ({ ttlSeconds: ttl }) => ttl && `${ttl}s` },
  ]);
  return section("Public names", small(state), names);
}

/** Images old and new; those that stay the same are counted. */
export function imagesPart({ images = [] }: Report): Html | undefined {
  if (images.length === 0) return undefined;
  const isKnown = images.some(({ from }) => from !== undefined);
  const changed = isKnown ? changedImages(images) : [];
  const unchanged = images.length - changed.length;
  return section(
    "Images",
    !isKnown && small("What was live before can't be told."),
    changed.length > 0 &&
      table(changed, [
        { title: "Container", text: ({ container }) => container },
        { title: "Live before", text: ({ from = "none" }) => from },
        { title: "New", text: ({ to = "none" }) => to, tone: () => "note" },
      ]),
    isKnown && unchanged > 0 && small(`${unchanged} the same as of the site that was live.`),
  );
}

export function inputsPart({ inputs }: Report): Html | undefined {
  return inputs.length > 0 ? section("Inputs", facts(inputs)) : undefined;
}
