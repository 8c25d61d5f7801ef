import { describe } from "vitest";
import { useWorld } from "./bench.ts";
import { describeSeededKills } from "./seeded-kills.ts";

describe("a rebuild whose builder is killed at any line of its log", () => {
  describeSeededKills(useWorld());
});
