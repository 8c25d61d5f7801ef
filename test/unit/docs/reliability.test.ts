/** docs/reliability.md names its tests: each of them is there, and every suite of scenarios is named. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const text = readFileSync(new URL("docs/reliability.md", root), "utf8");
/** No promise of its own: what people see, and what the others rest upon. */
const elsewhere =
  /^(capacity|changed-between-builders|damaged-state|evidence|looking-back|page|rebuild|report|slow-jobs|watched-status)$/;

/** The names in the column of tests of every table, as they are written. */
function named(): string[] {
  let column = -1;
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith("|")) {
      column = -1;
      return [];
    }
    const cells = line.split("|").slice(1, -1);
    if (column < 0) column = cells.findIndex((cell) => /^(test|held by)\b/.test(cell.trim()));
    return [...(cells[column] ?? "").matchAll(/`([\w/-]+)`/g)].flatMap(([, name = ""]) => name);
  });
}

const places = (name: string) =>
  [`test/scenarios/${name}.test.ts`, `test/${name}.test.ts`, `test/${name}.ts`, `test/${name}`, name].map(
    (path) => new URL(path, root),
  );

it("names tests that are there", () => {
  expect(named().length).toBeGreaterThan(60);
  expect(named().filter((name) => !places(name).some((place) => existsSync(place)))).toEqual([]);
});

it("leaves out no suite of scenarios", () => {
  const suites = readdirSync(new URL("test/scenarios", root)).filter((file) => file.endsWith(".test.ts"));
  const names = suites.map((file) => file.replace(".test.ts", ""));
  const isNamed = (name: string) => new RegExp(`\`(test/scenarios/)?${name}(\\.test\\.ts)?\``).test(text);
  expect(names.filter((name) => !elsewhere.test(name) && !isNamed(name))).toEqual([]);
});
