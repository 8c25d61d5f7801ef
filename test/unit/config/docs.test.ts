import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "../../../scripts/settings-docs.ts";
import { rowOf, settingNames, valueAt } from "../../../src/config/table.ts";

const files = await generatedFiles();
const textOf = (name: string) => files.find(({ file }) => path.basename(file) === name)?.text ?? "";
const page = textOf("configuration.md");
const { properties } = JSON.parse(textOf("values.schema.json"));

test.each(files)("$file is what `npm run docs` would write", ({ file, text }) => {
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("every setting is on the page", () => {
  expect(settingNames.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test("every setting has a default that it accepts itself, may be absent, or is required", () => {
  const required = settingNames.filter((name) => !rowOf(name).value.safeParse(undefined).success);
  expect(required).toEqual(["DATA_CONFIG_PATH", "G_PROJECT"]);
});

test("every description is one sentence", () => {
  for (const name of settingNames) expect(rowOf(name).description).toMatch(/^[^\n]+\.$/);
});

test("every value of the chart that a row names is one", () => {
  const named = settingNames.map((name) => rowOf(name).chart).filter((chart) => typeof chart === "string");
  expect(named.length).toBeGreaterThan(10);
  for (const chart of named) {
    const at = `${chart.replaceAll(".", ".properties.")}.description`;
    expect({ chart, schema: valueAt(properties, at.replace(/\.description$/, "")) }).toHaveProperty("schema");
  }
});
