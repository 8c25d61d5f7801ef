import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formattedPage, pageFile } from "../../../scripts/configuration-docs.ts";
import { settingNames, settingOf } from "../../../src/config/settings-table.ts";

test("docs/configuration.md is what `npm run docs` would write", async () => {
  expect(readFileSync(pageFile, "utf8")).toBe(await formattedPage());
});

test("every setting is on the page", async () => {
  const page = await formattedPage();
  expect(settingNames.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test("every default is a value that the setting itself accepts", () => {
  for (const name of settingNames) {
    const { default: text, parse } = settingOf(name);
    if (text !== undefined) expect({ name, parsed: parse(text) }).toHaveProperty("parsed.value");
  }
});

test("every description is one sentence", () => {
  for (const name of settingNames) expect(settingOf(name).description).toMatch(/^[^\n]+\.$/);
});
