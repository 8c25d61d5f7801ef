import { expect, test } from "vitest";
import { didYouMean } from "../../../src/domain/nearest.ts";

test.each([
  ["statsu", "did you mean status?"],
  ["HARVEST_TIMEOUT", "did you mean harvestTimeout?"],
  ["aprove", "did you mean approve?"],
  ["rollbak", "did you mean rollback?"],
  ["xyz", undefined],
  ["", undefined],
])("%j: %s", (word, meant) => {
  expect(didYouMean(word, ["run", "status", "approve", "rollback", "harvestTimeout"])).toBe(meant);
});

test("is quick with a word of any length", () => {
  expect(didYouMean("x".repeat(1_000_000), ["status"])).toBeUndefined();
});
