import { expect, it } from "vitest";
import { imageText } from "../../../src/domain/images.ts";

const digest = `sha256:${"ab".repeat(32)}`;

it.each([
  ["r.example:5000/portal:7c1f", "r.example:5000/portal:9aa0", "p/p r.example:5000/portal: 7c1f → 9aa0"],
  ["portal:1", "other/portal:2", "p/p portal:1 → other/portal:2"],
  ["r.example:5000/portal", "r.example:5000/portal:2", "p/p r.example:5000/portal → r.example:5000/portal:2"],
  [`portal@${digest}`, "portal:2", `p/p portal: ${digest} → 2`],
  [undefined, "portal:2", "p/p portal:2 (new)"],
  ["portal:1", undefined, "p/p portal:1 (gone)"],
])("%s → %s", (from, to, text) => {
  expect(imageText({ container: "p/p", from, to })).toBe(text);
});
