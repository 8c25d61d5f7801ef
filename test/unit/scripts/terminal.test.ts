/** The recorded terminal of README.md. That the demo still prints its lines is checked after the demo, in .ci/run. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { draw, linesOf, missingLine, normalise, storyOf } from "../../../scripts/terminal.ts";

const svg = await readFile(new URL("../../../docs/demo.svg", import.meta.url), "utf8");
const story = linesOf(svg);
const printed = story.join("\n");

describe("the drawing", () => {
  test("is what the script draws of its lines", () => {
    expect(draw(story)).toBe(svg);
  });

  test("tells the story from the first line to the last, in at most 60 lines", () => {
    expect(story.length).toBeLessThanOrEqual(60);
    expect(story[0]).toMatch(/^» powo-builder rebuilds/);
    expect(story.filter((line) => / goes on \(builder [23];/.test(line))).toHaveLength(2);
    expect(story.at(-1)).toMatch(/^All of it held/);
  });

  test("holds a line as it was printed: blanks, columns and markup", () => {
    const lines = ['12:00:00 live    <a href="x">  &amp; B', "", "  ✓ held"];
    expect(linesOf(draw(lines))).toEqual(lines);
    expect(draw(lines)).not.toContain("<a ");
  });

  test("needs nothing from outside and runs nothing", () => {
    expect(svg).not.toMatch(/<(script|style|image|use|foreignObject)|href|url\(/);
  });

  test("is shown by the README, with words for those who can't see it", async () => {
    const readme = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
    expect(readme).toMatch(/!\[[^\]]{40,}\]\(docs\/demo\.svg\)/);
  });
});

describe("the story", () => {
  test("leaves out what differs from run to run", () => {
    const output = [
      "Starting Kubernetes …",
      "12:00:01 wait-for-pods      6 of 11 ready; waiting for solr (starting)",
      "12:00:02 wait-for-pods      done in 5s; ingress 203.0.113.6",
      "                            … 7 more",
      "12:00:03 await-harvest      50 of 82  A job  done  1m",
      "12:00:03 await-harvest      60 of 82  A job  done  1m",
    ];
    expect(storyOf(output.join("\n"))).toEqual([output[2], output[5]]);
  });

  test("is refused when it doesn't fit", () => {
    expect(() => storyOf("  ✓ held\n".repeat(61))).toThrow("61 lines, at most 60");
  });

  test("cuts a line at the right edge", () => {
    const [line = ""] = storyOf(`  ✓ ${"word ".repeat(60)}`);
    expect(line).toHaveLength(128);
    expect(line.endsWith("…")).toBe(true);
  });
});

test.each([
  ["12:35:05 swap-dns  done", "23:01:59 swap-dns  done"],
  ["run prod-20261126-1235 goes on", "run prod-20270101-0001 goes on"],
  ["removing prod-j8x91", "removing prod-00000"],
  ["prod.  203.0.113.2 → 203.0.113.16", "prod.  203.0.113.12 → 203.0.113.6"],
  ["job      done     9m 8s  53,226 records", "job      done      17m  1 records"],
  ["done in 0.4s; 54 checks", "done in 12s; 54 checks"],
  ["(looked 3,488 times)", "(looked 9 times)"],
  ["in 127 lines of log", "in 99 lines of log"],
])("%j and %j are the same line", (one, other) => {
  expect(normalise(one)).toBe(normalise(other));
});

test.each([
  ["54 checks passed", "53 checks passed"],
  ["harvest 82 jobs", "harvest 81 jobs"],
  ["zone prod-plantsoftheworld-online", "zone prod-colplanta-online"],
])("%j and %j are not", (one, other) => {
  expect(normalise(one)).not.toBe(normalise(other));
});

describe("the check", () => {
  test("finds every line in another recording, between other lines", () => {
    const another = printed.replaceAll(/\d\d:\d\d:\d\d/g, "01:02:03").replaceAll("\n", "\nanother line\n");
    expect(missingLine(story, another)).toBeUndefined();
  });

  test.each(story.filter((line) => line !== ""))("misses %j", (line) => {
    const without = story.filter((other) => normalise(other) !== normalise(line));
    expect(normalise(missingLine(story, without.join("\n")) ?? "")).toBe(normalise(line));
  });

  test("minds the order", () => {
    expect(missingLine(story, story.toReversed().join("\n"))).toBe(story[1]);
  });

  test("takes what the operator sees anywhere: the builder goes on meanwhile", () => {
    const isLook = (line: string) => /^» Meanwhile|kubectl powo status|^ {2}(live|run|step) {3,}/.test(line);
    const looks = story.filter(isLook);
    expect(looks.length).toBeGreaterThan(1);
    const another = [...looks, ...story.filter((line) => !isLook(line))];
    expect(missingLine(story, another.join("\n"))).toBeUndefined();
  });

  test("compares a line that was cut as far as it goes", () => {
    const output = `  ✓ ${"word ".repeat(30)}prod-j8x91 with all`;
    const drawn = storyOf(output);
    expect(missingLine(drawn, output.replace("j8x91", "00000"))).toBeUndefined();
    expect(missingLine(drawn, "  ✓ word")).toBe(drawn[0]);
  });
});
