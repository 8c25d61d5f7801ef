/** The real program with the real helm against the embedded world; test/e2e/rebuild holds it to a real cluster. */
import { describe } from "vitest";
import { useWorld } from "./program/bench.ts";
import { describeManyKills } from "./program/kill-and-resume.ts";
import { describeLivePage } from "./program/live-page.ts";
import { describeOrdinaryRelease } from "./program/ordinary-release.ts";
import { describeSeededKills } from "./program/seeded-kills.ts";
import { describeTwoBuilders, slowJobs } from "./program/two-builders.ts";
import { describeFailedBuild, describeMistakes } from "./program/what-goes-wrong.ts";

describe("a rebuild in the embedded world", () => {
  const bench = useWorld();
  describeManyKills(bench);
  describeOrdinaryRelease(bench);
});

describe("a rebuild whose builder is killed at any line of its log", () => {
  describeSeededKills(useWorld());
});

describe("builders that meet in the embedded world", () => {
  describeTwoBuilders(useWorld(slowJobs));
});

describe("what goes wrong in the embedded world", () => {
  const bench = useWorld();
  describeMistakes(bench);
  describeFailedBuild(bench, "image-pull-back-off", { PODS_TIMEOUT: "30s" });
});

describe("the live page in the embedded world", () => {
  describeLivePage(useWorld(slowJobs), useWorld(slowJobs));
});
