/** The blocks that the page is made of. */
import { count } from "../domain/words.ts";
import { html, type Html, type Part } from "./html.ts";

export function section(title: string, ...content: Part[]): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

export function small(text: string): Html {
  return html`<p class="small">${text}</p>`;
}

/** Labels and what they stand for. */
export function facts(rows: readonly (readonly [label: string, value: string])[]): Html {
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
  return html`<table>
    <thead>
      <tr>
        ${filled.map(({ title, isNumber }) => html`<th class="${isNumber ? "n" : ""}">${title}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${filled.map((column) => cell(row, column))}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
