import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allMutants } from "../mutants/all.ts";

const root = new URL("../../", import.meta.url);

it("every defect of `npm run test:mutants` has its place in the code, exactly once, and its tests", () => {
  const lost = allMutants.filter(({ file, find }) => {
    const source = new URL(`src/${file}`, root);
    return !existsSync(source) || readFileSync(source, "utf8").split(find).length !== 2;
  });
  expect(lost.map(({ file, defect }) => `${file}: ${defect}`)).toEqual([]);
  const tests = new Set(allMutants.flatMap((mutant) => mutant.tests));
  expect([...tests].filter((test) => !existsSync(new URL(`test/${test}`, root)))).toEqual([]);
});
