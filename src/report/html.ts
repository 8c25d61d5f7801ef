/** HTML by template: everything that is put in is escaped, unless it is HTML already; and the blocks of the page. */
import { count, visible } from "../domain/words.ts";

export interface Html {
  readonly html: string;
}

/** What may be put in; false and undefined are nothing. */
export type Part = Html | string | number | false | undefined | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand in an element or a quoted attribute; control characters, which HTML doesn't know, are spelled out. */
export function escapeHtml(text: string): string {
  return visible(text.toWellFormed()).replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? "");
}

/** The page with what stands between its tags as `words` makes it. */
export function mapTexts(page: string, words: (text: string) => string): string {
  const signs = new Map(Object.entries(entities).map(([sign, entity]) => [entity, sign]));
  const read = (text: string) => text.replaceAll(/&#?\w+;/g, (entity) => signs.get(entity) ?? entity);
  const parts = page.split(/(<style>.*?<\/style>|<[^>]*>)/s);
  return parts.map((part, index) => (index % 2 === 1 ? part : escapeHtml(words(read(part))))).join("");
}

export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return { html: String.raw({ raw: strings }, ...parts.map(written)) };
}

function written(part: Part): string {
  if (part === undefined || part === false) return "";
  if (typeof part === "object") return "html" in part ? part.html : part.map(written).join("");
  return escapeHtml(String(part));
}

export function section(title: string, ...content: Part[]): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

export function small(text: string): Html {
  return html`<p class="small">${text}</p>`;
}

/** A text in which a click takes a command whole. */
export function withCommands(text: string): Part[] {
  const parts = text.split(/((?:kubectl|helm|powo-builder) .+?)(?=[;,?] | \u00b7 |$)/m);
  return parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}

/** Labels and what they stand for. */
export function facts(rows: readonly (readonly [label: string, value: Part])[]): Html {
  return html`<dl>
    ${rows.map(
      ([label, value]) =>
        html`<dt>${label}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

export interface Column<Row> {
  title: string;
  /** Numbers stand at the right, one below the other. */
  isNumber?: boolean;
  text: (row: Row) => string | number | undefined;
  /** Class of the colour. */
  tone?: (row: Row) => string;
}

/** A table without the columns that nothing stands in; on a phone every row is a card. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Html {
  const filled = columns.filter(({ text }) => rows.some((row) => text(row) !== undefined));
  // What a card begins with says what it is without its heading.
  const name = filled.find(({ isNumber }) => !isNumber);
  const cell = (row: Row, column: Column<Row>) => {
    const classes = [column.isNumber && "n", column.tone?.(row)].filter(Boolean).join(" ");
    const heading = column === name ? "" : column.title;
    const value = column.text(row);
    const text = typeof value === "number" ? count(value) : value;
    return html`<td class="${classes}" data-l="${heading}">${text}</td>`;
  };
  const line = (cells: Html[]) =>
    html`<tr>
      ${cells}
    </tr>`;
  const titles = filled.map(({ title, isNumber }) => html`<th class="${isNumber ? "n" : ""}">${title}</th>`);
  return html`<table>
    <thead>
      ${line(titles)}
    </thead>
    ${rows.map((row) => line(filled.map((column) => cell(row, column))))}
  </table>`;
}
