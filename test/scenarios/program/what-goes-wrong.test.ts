import { describe } from "vitest";
import { useWorld } from "./bench.ts";
import { describeFailedBuild, describeMistakes } from "./what-goes-wrong.ts";

describe("what goes wrong in the embedded world", () => {
  const bench = useWorld();
  describeMistakes(bench);
  describeFailedBuild(bench, "image-pull-back-off", { PODS_TIMEOUT: "30s" });
});
