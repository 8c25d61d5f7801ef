/** The real program with the real helm against the embedded world; test/e2e/rebuild holds it to a real cluster. */
import { describe } from "vitest";
import { useWorld } from "./bench.ts";
import { describeManyKills } from "./kill-and-resume.ts";
import { describeOrdinaryRelease } from "./ordinary-release.ts";

describe("a rebuild in the embedded world", () => {
  const bench = useWorld();
  describeManyKills(bench);
  describeOrdinaryRelease(bench);
});
