import { describe } from "vitest";
import { useWorld } from "./bench.ts";
import { describeTwoBuilders, slowJobs } from "./two-builders.ts";

describe("builders that meet in the embedded world", () => {
  describeTwoBuilders(useWorld(slowJobs));
});
