import { expect, test } from "vitest";
import { nearest } from "../../../src/domain/nearest.ts";

test.each([
  ["statsu", "status"],
  ["HARVEST_TIMEOUT", "harvestTimeout"],
  ["aprove", "approve"],
  ["rollbak", "rollback"],
  ["xyz", undefined],
  ["", undefined],
])("%j may mean %s", (word, meant) => {
  expect(nearest(word, ["run", "status", "approve", "rollback", "harvestTimeout"])).toBe(meant);
});

test("is quick with a word of any length", () => {
  expect(nearest("x".repeat(1_000_000), ["status"])).toBeUndefined();
});
