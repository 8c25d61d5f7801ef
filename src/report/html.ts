/** HTML by template: everything that is put in is escaped, unless it is HTML already. */

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

/** Text as it may stand in an element or a quoted attribute; without control characters, which HTML doesn't know. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "")
    .replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? "");
}

/** A piece of HTML. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return { html: String.raw({ raw: strings }, ...parts.map(written)) };
}

function written(part: Part): string {
  if (part === undefined || part === false) return "";
  if (typeof part === "object") return "html" in part ? part.html : part.map(written).join("");
  return escapeHtml(String(part));
}
