/** What went in and what came of it: public names, inputs, steps in words. */
import type { Report } from "../domain/report.ts";
import { date } from "../domain/words.ts";
import { html, type Html } from "./html.ts";

export function dnsPart({ dns }: Report): Html | undefined {
  if (dns.names.length === 0) return undefined;
  const state = dns.undoneAt
    ? `Pointed at the new addresses, and put back on ${date(Date.parse(dns.undoneAt))} UTC.`
    : dns.swappedAt
      ? `In effect since ${date(Date.parse(dns.swappedAt))} UTC.`
      : "Not changed by this run: the old addresses hold.";
  return section(
    "Public names",
    html`<p class="small">${state}</p>
      <table class="cards">
        <thead>
          <tr>
            <th>Name</th>
            <th>Before</th>
            <th>New release</th>
            <th class="n">TTL</th>
          </tr>
        </thead>
        <tbody>
          ${dns.names.map(
            ({ name, before = "none", after = "", ttlSeconds }) =>
              html`<tr>
                <td>${name}</td>
                <td data-l="before">${before}</td>
                <td data-l="new">${after}</td>
                <td class="n" data-l="TTL">${ttlSeconds === undefined ? "" : `${ttlSeconds}s`}</td>
              </tr>`,
          )}
        </tbody>
      </table>`,
  );
}

export function inputsPart({ inputs }: Report): Html | undefined {
  return inputs.length > 0 ? section("Inputs", facts(inputs)) : undefined;
}

export function stepsPart({ steps }: Report): Html | undefined {
  const said = steps.flatMap(({ name, output }): [string, string][] => (output ? [[name, output]] : []));
  return said.length > 0 ? section("What the steps said", facts(said)) : undefined;
}

function facts(rows: readonly (readonly [string, string])[]): Html {
  return html`<dl>
    ${rows.map(
      ([label, value]) =>
        html`<dt>${label}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function section(title: string, content: Html): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}
