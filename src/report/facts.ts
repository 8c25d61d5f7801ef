/** What went in and what came of it: public names, images, inputs, steps in words. */
import { changedImages } from "../domain/images.ts";
import type { Report } from "../domain/report.ts";
import { date } from "../domain/words.ts";
import { facts, section, small, table } from "./blocks.ts";
import { html, type Html } from "./html.ts";

export function dnsPart({ dns }: Report): Html | undefined {
  if (dns.names.length === 0) return undefined;
  const state = dns.undoneAt
    ? `Pointed at the new addresses, and put back on ${date(Date.parse(dns.undoneAt))} UTC.`
    : dns.swappedAt
      ? `In effect since ${date(Date.parse(dns.swappedAt))} UTC.`
      : "Not changed by this run: the old addresses hold.";
  const names = table(dns.names, [
    { title: "Name", text: ({ name }) => name },
    { title: "Before", text: ({ before = "none" }) => before },
    { title: "New release", text: ({ after = "" }) => after },
    {
      title: "TTL",
      isNumber: true,
      text: ({ ttlSeconds }) => (ttlSeconds === undefined ? "" : `${ttlSeconds}s`),
    },
  ]);
  return section("Public names", small(state), names);
}

/** Images old and new; those that stay the same are counted, and folded. */
export function imagesPart({ images = [] }: Report): Html | undefined {
  if (images.length === 0) return undefined;
  const isKnown = images.some(({ from }) => from !== undefined);
  const changed = isKnown ? changedImages(images) : [];
  const same = images.filter((image) => !changed.includes(image));
  return section(
    "Images",
    !isKnown && small("What was live before can't be told."),
    isKnown && changed.length === 0 && small("The same as of the site that was live."),
    changed.length > 0 &&
      table(changed, [
        { title: "Container", text: ({ container }) => container },
        { title: "Live before", text: ({ from = "none" }) => from },
        { title: "New", text: ({ to = "none" }) => to, tone: () => "note" },
      ]),
    same.length > 0 &&
      html`<details>
        <summary>${changed.length > 0 ? "unchanged" : "all"}: ${same.length}</summary>
        ${facts(same.map(({ container, to = "" }) => [container, to]))}
      </details>`,
  );
}

export function inputsPart({ inputs }: Report): Html | undefined {
  return inputs.length > 0 ? section("Inputs", facts(inputs)) : undefined;
}

export function stepsPart({ steps }: Report): Html | undefined {
  const said = steps.map(({ name, output = "", attempts }) => {
    const again = attempts > 1 ? `begun ${attempts} times` : "";
    return [name, [output, again].filter(Boolean).join("; ")] as const;
  });
  const rows = said.filter(([, text]) => text !== "");
  return rows.length > 0 ? section("What the steps said", facts(rows)) : undefined;
}
