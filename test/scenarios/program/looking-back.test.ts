/** The real program in the embedded world, looked at while it works and afterwards. */
import { describe } from "vitest";
import { useWorld } from "./bench.ts";
import { describeLookingBack } from "./looking-back.ts";

describe("a run in the embedded world", () => {
  describeLookingBack(useWorld({ jobMs: 40 }));
});
