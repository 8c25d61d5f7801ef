/** How times, counts and tables are written for people: UTC, and no more digits than anybody needs. */

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000] as const;
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Milliseconds as a person says them: `0.5s`, `35s`, `2m 31s`, `14m`, `19h 40m`, `3d 4h`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return "0s";
  if (ms > 0 && ms < second) return `${Math.ceil(ms / 100) / 10}s`;
  const seconds = Math.round(ms / second) * second;
  if (seconds < 10 * minute) return pair(seconds, [minute, "m"], [second, "s"]);
  const minutes = Math.round(ms / minute) * minute;
  if (minutes < day) return pair(minutes, [hour, "h"], [minute, "m"]);
  return pair(Math.round(ms / hour) * hour, [day, "d"], [hour, "h"]);
}

type Unit = readonly [ms: number, name: string];

/** A whole number of the smaller unit, in both units; what is zero is left out. */
function pair(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const parts = [
    [Math.floor(ms / large), largeName],
    [Math.round((ms % large) / small), smallName],
  ] as const;
  const said = parts.filter(([amount]) => amount > 0).map(([amount, name]) => `${amount}${name}`);
  return said.length === 0 ? `0${smallName}` : said.join(" ");
}

/** 1,642,118. */
export function count(amount: number): string {
  return amount.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

const two = (amount: number) => String(amount).padStart(2, "0");

/** `07:43:09` UTC of a time in milliseconds since the epoch. */
export function timeOfDay(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

/** `Mon 07:43` UTC of a time in milliseconds since the epoch. */
export function clockTime(ms: number): string {
  const time = new Date(ms);
  return `${weekdays[time.getUTCDay()] ?? ""} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`;
}

/** `15 Nov 07:33` UTC of a time in milliseconds since the epoch; with the year where `now` lies in another. */
export function date(ms: number, now = ms): string {
  const time = new Date(ms);
  const year = time.getUTCFullYear();
  const text = `${time.getUTCDate()} ${months[time.getUTCMonth()] ?? ""}`;
  const full = year === new Date(now).getUTCFullYear() ? text : `${text} ${year}`;
  return `${full} ${timeOfDay(ms).slice(0, 5)}`;
}

/** `first` to `tenth`, then `11th`, `21st`… */
export function ordinal(position: number): string {
  const words = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
  ];
  const teen = position % 100 > 10 && position % 100 < 14;
  const ending = teen ? "th" : (["th", "st", "nd", "rd"][position % 10] ?? "th");
  return words[position - 1] ?? `${position}${ending}`;
}

/** Lines of left-aligned columns, two spaces apart; nothing hangs over at the end of a line. */
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
