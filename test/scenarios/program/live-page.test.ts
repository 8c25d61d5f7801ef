import { describe } from "vitest";
import { useWorld } from "./bench.ts";
import { describeLivePage } from "./live-page.ts";
import { slowJobs } from "./two-builders.ts";

describe("the live page in the embedded world", () => {
  describeLivePage(useWorld(slowJobs), useWorld(slowJobs));
});
