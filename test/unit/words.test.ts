import { describe, expect, it } from "vitest";
import { clockTime, count, date, duration, table, timeOfDay } from "../../src/domain/words.ts";

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000] as const;

describe("duration", () => {
  it.each([
    [0, "0s"],
    [-5 * minute, "0s"],
    [Number.NaN, "0s"],
    [35 * second, "35s"],
    [59.6 * second, "1m"],
    [2 * minute + 31 * second, "2m 31s"],
    [14 * minute, "14m"],
    [14 * minute + 29 * second, "14m"],
    [hour - second, "1h"],
    [hour + 52 * minute, "1h 52m"],
    [19 * hour + 40 * minute, "19h 40m"],
    [day - 20 * second, "1d"],
    [3 * day + 4 * hour, "3d 4h"],
    [7 * day, "7d"],
  ])("says %d ms as %s", (ms, text) => expect(duration(ms)).toBe(text));
});

describe("other words", () => {
  const time = Date.parse("2026-11-16T07:43:09Z");

  it("separates thousands", () => expect([0, 999, 1_642_118].map(count)).toEqual(["0", "999", "1,642,118"]));

  it("tells times in UTC", () => {
    expect(clockTime(time)).toBe("Mon 07:43");
    expect(timeOfDay(time)).toBe("07:43:09");
    expect(date(time)).toBe("16 Nov 07:43");
    expect(date(Date.parse("2026-02-03T07:43:00Z"))).toBe("3 Feb 07:43");
  });

  it("aligns columns and leaves no space at the end of a line", () => {
    const rows = [
      ["HARVEST_TIMEOUT", "not a duration"],
      ["G_PROJECT", "missing; the Google Cloud project"],
      ["alone"],
    ];
    expect(table(rows)).toEqual([
      "HARVEST_TIMEOUT  not a duration",
      "G_PROJECT        missing; the Google Cloud project",
      "alone",
    ]);
    expect(table([])).toEqual([]);
  });
});
