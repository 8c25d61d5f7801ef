/** How times, counts and tables are written for people: UTC, and no more digits than anybody needs. */
import type { BuilderError } from "../errors.ts";

/** `2m 31s` of 151 s; what is zero is left out. Intl.DurationFormat takes 80 µs, and a page has a thousand of them. */
const inTwo = (amount: number, base: number, [large, small]: readonly [string, string]) =>
  `${Math.floor(amount / base)}${large} ${amount % base}${small}`.replace(/^0\w | 0\w$/, "");

/** Milliseconds as a person says them: `0.5s`, `35s`, `2m 31s`, `14m`, `19h 40m`, `3d 4h`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms) || ms <= 0) return "0s";
  if (ms < 1_000) return `${Math.ceil(ms / 100) / 10}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 600) return inTwo(seconds, 60, ["m", "s"]);
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1_440) return inTwo(minutes, 60, ["h", "m"]);
  return inTwo(Math.round(ms / 3_600_000), 24, ["d", "h"]);
}

/** Made once: a page has thousands of counts. */
const counted = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
/** 1,642,118. */
export const count = (amount: number): string => counted.format(amount);

/** `07:43:09` UTC of a time in milliseconds since the epoch. */
export function timeOfDay(time: number | string): string {
  return new Date(time).toISOString().slice(11, 19);
}

/** `Mon 07:43` UTC of a time: ISO 8601, or milliseconds since the epoch. */
export function clockTime(time: number | string): string {
  return `${new Date(time).toUTCString().slice(0, 3)} ${timeOfDay(time).slice(0, 5)}`;
}

/** `15 Nov 07:33` UTC of a time: ISO 8601, or milliseconds since the epoch. */
export function date(time: number | string): string {
  const [, day, month = ""] = new Date(time).toUTCString().split(" ");
  return `${Number(day)} ${month} ${timeOfDay(time).slice(0, 5)}`;
}

/** Lines of left-aligned columns, two spaces apart; no spaces at the end of a line. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Lines beside a title, which stands only before the first: `dns       …`. */
export function titled(title: string, ...lines: string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? title : "").padEnd(9)} ${line}`);
}

/** The first ten, and how many more there are; the log has all of them. */
export function bounded(lines: readonly string[] = []): string[] {
  const more = lines.length - 10;
  return [...lines.slice(0, 10), ...(more > 0 ? [`… and ${count(more)} more`] : [])];
}

/** Lines indented below a title; nothing where there are none. */
export function under(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? [title, ...lines.map((line) => `  ${line}`)] : [];
}

/** A failure for people: what went wrong, where or why, what to do. */
export function failureLines(failure: Pick<BuilderError, "code" | "message" | "details" | "hint">): string[] {
  const { code, message, details, hint } = failure;
  return [
    `${message} [${code}]`,
    ...details.map((line) => `  ${line}`),
    ...(hint === undefined ? [] : [hint]),
    `more: docs/errors.md#${code.toLowerCase()}`,
  ];
}

const fileTroubles: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "is a folder",
  EACCES: "may not be read",
  EPERM: "may not be read",
};

/** Why a file can't be read, in words: `there is no such file`. */
export function fileTrouble(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return fileTroubles[code] ?? `can't be read${code && ` (${code})`}`;
}

/** A text of at most `max` letters; where it was cut, the last one says so. */
export function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

/** What moves a cursor, ends a line in Unicode alone, or turns the direction of what is read; tabs and newlines aside. */
const invisible =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A character as JSON can write it: `\u001b`. */
export const spelledOut = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** The text with every control character spelled out as JSON does it, so that JSON stays the same JSON. */
export function visible(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(invisible, spelledOut);
}

/** As `visible`, on one line: what others say can't pass for a line of ours. */
export function oneLine(text: string): string {
  return visible(text)
    .trimEnd()
    .replaceAll("\n", String.raw`\n`);
}

/** Lines as one text, each of them still a line. */
export function joined(lines: readonly string[]): string {
  return lines.map(oneLine).join("\n");
}
