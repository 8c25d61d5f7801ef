import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codesInSource } from "./error-codes.ts";

const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
const headings = [...page.matchAll(/^### ([A-Z_]+)$/gm)].map(([, code]) => code);

test("every error code of src has a heading in docs/errors.md", () => {
  const missing = [...codesInSource()].filter(([code]) => !headings.includes(code));
  expect(missing.map(([code, file]) => `${code} (${file})`)).toEqual([]);
});

test("docs/errors.md explains no code that is gone", () => {
  const codes = codesInSource();
  expect(headings.filter((code) => code !== undefined && !codes.has(code))).toEqual([]);
});

test("no code is explained twice", () => {
  expect(new Set(headings).size).toBe(headings.length);
});
