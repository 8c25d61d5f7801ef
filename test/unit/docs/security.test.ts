import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/security.md", root), "utf8");
/** The cells of every row, without the heads. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| who  ") && !/^\| -+ \|/.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const testsOf = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, file = ""]) => file);

test("every row of docs/security.md says who, what is defended, by which test, and what is not", () => {
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) {
    expect(row).toHaveLength(4);
    expect(row.filter((cell) => cell === "")).toEqual([]);
    expect(testsOf(row[2]), row[0]).not.toEqual([]);
  }
});

test("every test that it names is there, and tests something", () => {
  const named = new Set(rows.flatMap((row) => testsOf(row[2])));
  const holds = (file: string) => {
    const path = new URL(`test/${file}`, root);
    return existsSync(path) && /^\s*(?:it|test)(?:\.each)?[(<]/m.test(readFileSync(path, "utf8"));
  };
  expect([...named].filter((file) => !file.endsWith(".test.ts") || !holds(file))).toEqual([]);
});

test("the threats that nobody may overlook have a row", () => {
  const who = rows.map(([first]) => first).join("\n");
  for (const threat of [
    /create Jobs .* in the builder's namespace/,
    /change the ref \(DEPLOY_TAG\)/,
    /writes Services/,
    /Google key/,
    /webhook/,
    /readers of logs/,
    /chart authors/,
    /submodules, redirects/,
    /pod logs/,
    /packages and base images/,
  ])
    expect(who).toMatch(threat);
});

test.each(["README.md", "docs/chart.md", "ARCHITECTURE.md"])("%s leads to it", (file) => {
  expect(readFileSync(new URL(file, root), "utf8")).toMatch(/security\.md/);
});
