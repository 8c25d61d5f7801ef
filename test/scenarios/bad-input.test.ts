/**
 * What can be wrong with what people give to the builder: each mistake is told in one line with its place and what to
 * do, all at once, and nothing is touched. By the program's own adapters, real Helm and git, over HTTP.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BuilderError, ConfigError, type Problem } from "../../src/errors.ts";
import { findCanaries } from "../fixtures/secrets.ts";
import { startEmbeddedWorld, type EmbeddedWorld } from "../sandbox/embedded-world.ts";
import { type BadInput, inPlace, runVerb, type Said, touchable } from "./bad-input/bench.ts";
import { answerCases, urlCases } from "./bad-input/answer-cases.ts";
import { chartCases, slowCases } from "./bad-input/chart-cases.ts";
import { documentCases } from "./bad-input/data-cases.ts";
import { fileCases, secretsCases } from "./bad-input/file-cases.ts";
import { settingsCases } from "./bad-input/settings-cases.ts";
import { sourceCases } from "./bad-input/source-cases.ts";
import { isFull } from "./matrix.ts";

const cases: readonly BadInput[] = [
  ...[...settingsCases, ...fileCases, ...secretsCases],
  ...[...sourceCases, ...chartCases, ...(isFull ? slowCases : [])],
  ...[...documentCases, ...urlCases, ...answerCases],
];
/** `run` makes the same checks as `validate`: a fifth of the cases shows it, all of them in the full matrix. */
const alsoRun = cases.filter((_, index) => isFull || index % 5 === 0);

let world: EmbeddedWorld;
beforeAll(async () => void (world = await startEmbeddedWorld({ withLiveRelease: false })));
afterAll(() => world.stop());

async function expectUntouched(verb: string, one: BadInput): Promise<Said> {
  const before = touchable(world);
  const said = await inPlace(world, async (place) => runVerb(world, [verb], await one.given(place)));
  expect(touchable(world)).toEqual(before);
  const code = (verb === "run" ? one.codeOfRun : undefined) ?? one.code ?? 2;
  expect(said.code, said.stderr + said.stdout).toBe(code);
  const text = said.stdout + said.stderr;
  expect(text).not.toMatch(/^\s+at .+:\d+/m);
  expect(text).not.toMatch(/\bundefined\b|\[object|powo-builder-prod-\d+/);
  const left = ["ConfigMap", "Event", "Lease"].flatMap((kind) => world.kubernetes?.store.list(kind) ?? []);
  expect(findCanaries(text + JSON.stringify(left))).toEqual([]);
  return said;
}

/** One line, what is wrong and what to do, for somebody who was woken. */
function expectReadable({ where, what }: Problem): void {
  expect(where).toMatch(/\S/);
  expect(what).toMatch(/; \S/);
  expect(what).not.toContain("\n");
  expect(what.length, what).toBeLessThan(400);
}

describe("validate", () => {
  it.each(cases.map((one) => [one.name, one] as const))("tells of %s", async (_, one) => {
    const { error, stderr, stdout } = await expectUntouched("validate", one);
    expect(stdout).toBe("");
    if (typeof one.says === "string") {
      expect(error).toBeInstanceOf(BuilderError);
      expect(stderr).toContain(one.says);
      return;
    }
    expect(error).toBeInstanceOf(ConfigError);
    const { problems } = error as ConfigError;
    const seen = problems.map(({ where, what }) => `${where}: ${what}`);
    expect(seen).toHaveLength(one.says.length);
    expect(new Set(seen).size).toBe(seen.length);
    problems.forEach(expectReadable);
    for (const [where, what] of one.says) {
      const found = problems.some((problem) => problem.where.endsWith(where) && problem.what.includes(what));
      expect(found, `${where}: ${what} in\n${seen.join("\n")}`).toBe(true);
    }
  });
});

describe("run", () => {
  it.each(alsoRun.map((one) => [one.name, one] as const))("says the same of %s", async (_, one) => {
    const { stdout, stderr } = await expectUntouched("run", one);
    const parts = typeof one.says === "string" ? [one.says] : one.says.map(([, what]) => what);
    for (const part of parts) expect(stdout + stderr).toContain(part);
  });
});

describe("the table", () => {
  it("has at least a hundred cases, each with a name of its own", () => {
    expect(cases.length).toBeGreaterThanOrEqual(100);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});
