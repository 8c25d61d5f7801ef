import { expect, test } from "vitest";
import { parseDuration, suggestDuration } from "../../../src/config/duration.ts";
import { fc } from "../../fast-check.ts";

test.each([
  ["0", 0],
  ["0s", 0],
  ["500ms", 500],
  ["90s", 90_000],
  ["20m", 1_200_000],
  ["48h", 172_800_000],
  ["7d", 604_800_000],
  ["1h30m", 5_400_000],
  ["1d2h3m4s5ms", 93_784_005],
  ["1.5h", 5_400_000],
])("%s is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "s", "1", "1x", "1 h", "-1s", "+1s", "1h1h", "1s1h", "1e3s", "1,5h", "1H", "h1", ".5h"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test("what is suggested is always a duration", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,4} ?[a-zA-Z]{0,8}$/)), (text) => {
      const suggestion = suggestDuration(text);
      return suggestion === undefined || parseDuration(suggestion) !== undefined;
    }),
  );
});

test.each([
  ["2 days", "48h"],
  ["1 week", "7d"],
  ["5 minutes", "5m"],
  ["2 months", "60d"],
  ["90", "90s"],
  ["3 hrs", "3h"],
])("%j may mean %s", (text, suggestion) => {
  expect(suggestDuration(text)).toBe(suggestion);
});
