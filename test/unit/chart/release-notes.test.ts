/** What the page of a release says: a version's section of CHANGELOG.md, all of it and nothing else. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { bulletsOf, notesOf } from "../../../scripts/changelog.ts";

const file = (name: string) => readFile(new URL(`../../../${name}`, import.meta.url), "utf8");
const changelog =
  "# Changes\n\nWords.\n\n## 1.1.0-rc.1\n\n- a\n\n## 1.1.0\n\n- b\n  goes on\n- c\n\n## 1.0.0\n\n- d\n- e\n";

test.each([
  ["1.1.0-rc.1", "- a\n", ["a"]],
  ["1.1.0", "- b\n  goes on\n- c\n", ["b goes on", "c"]],
  ["1.0.0", "- d\n- e\n", ["d", "e"]],
])("of %s, whether or not another section follows", (version, notes, bullets) => {
  expect(notesOf(version, changelog)).toBe(notes);
  expect(bulletsOf(notes)).toEqual(bullets);
});

test.each(["1.1", "1x1.0", "2.0.0"])("of %s there are none", (version) => {
  expect(() => notesOf(version, changelog)).toThrow(`no section "## ${version}"`);
});

test("the last line of the real file is in the notes of its last version", async () => {
  const text = await file("CHANGELOG.md");
  const last = [...text.matchAll(/^## (.*)$/gm)].at(-1)![1]!;
  expect(notesOf(last, text).trimEnd().split("\n").at(-1)).toBe(text.trimEnd().split("\n").at(-1));
});

test("the pipeline takes them from here", async () => {
  const pipeline = await file(".gitlab-ci.yml");
  expect(pipeline).toContain("\n    - node scripts/changelog.ts > reports/notes.md\n");
  expect(pipeline).toMatch(
    /\nrelease:\n[^]*needs: \[publish:chart, chart\][^]*description: reports\/notes\.md\n/,
  );
});
