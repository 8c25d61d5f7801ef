const unitMs: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const words: Record<string, string> = { mi: "m", mo: "d", se: "s", ho: "h", hr: "h", da: "d", we: "w" };
/** Each unit at most once, the largest first: 30m1h and 5m5m are slips of the pen. */
const parts = new RegExp(
  `^${Object.keys(unitMs)
    .map((unit) => `(?:(\\d+(?:\\.\\d+)?)${unit})?`)
    .join("")}$`,
);

/** Milliseconds of `90s`, `20m`, `48h`, `7d`, `500ms`, `1h30m`, `0`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const [whole = "", ...amounts] = parts.exec(text) ?? [];
  if (whole === "") return undefined;
  const units = Object.values(unitMs);
  return Math.round(units.reduce((sum, ms, index) => sum + Number(amounts[index] ?? 0) * ms, 0));
}

/** What parseDuration takes, as a regular expression for JSON schemas. */
export function durationPattern({ positive = false }: { positive?: boolean } = {}): string {
  const unit = "(ms|s|m|h|d)";
  return positive ? `[0.]*[1-9][0-9.]*${unit}([0-9.]+${unit})*` : `(0|([0-9]+(\\.[0-9]+)?${unit})+)`;
}

/** What somebody who wrote `2 days`, `60` or `1H` may have meant, written as parseDuration wants it. */
export function suggestDuration(text: string): string | undefined {
  const [, amount, word = ""] = /^(\d{1,9})\s*([a-z]*)\.?$/i.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  const lower = word.toLowerCase();
  const unit = lower === "" ? "s" : (words[lower.slice(0, 2)] ?? lower);
  if (unit === "w") return `${Number(amount) * 7}d`;
  if (unit === "d" && lower.startsWith("mo")) return `${Number(amount) * 30}d`;
  if (unit === "d" && lower !== "d") return `${Number(amount) * 24}h`;
  return unitMs[unit] === undefined ? undefined : `${Number(amount)}${unit}`;
}
