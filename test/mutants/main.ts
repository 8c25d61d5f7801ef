/**
 * `npm run test:mutants [-- part of a defect's words]`: plants one deliberate defect after the other in a
 * copy of the tree, and runs the tests that are to notice it, the quick ones first; two defects at a time, each in a copy
 * of its own. Ends with 1 where fewer than 95 % are caught.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { allMutants } from "./all.ts";
import type { Mutant } from "./mutant.ts";
import { removeFolder } from "../tools/remove-folder.ts";

const leastCaught = 0.95;
/** A defect may make a run go on without end: that is noticed too. For each round of tests. */
const longestMs = 180_000;
const lanes = 2;
const root = path.resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

const words = process.argv.slice(2).join(" ");
const mutants = allMutants.filter(({ defect }) => defect.includes(words));

/** The tree without what was built, with the packages that are there. */
async function copyTree(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), "powo-mutants-"));
  for (const name of [
    "src",
    "test",
    "chart",
    "docs",
    "plugin",
    "scripts",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vitest.config.ts",
  ])
    await cp(path.join(root, name), path.join(dir, name), { recursive: true });
  await symlink(path.join(root, "node_modules"), path.join(dir, "node_modules"));
  return dir;
}

/** What vitest's JSON says of one file. */
interface FileResult {
  name: string;
  message: string;
  assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
}

/** The first test that fails, undefined where all pass. */
async function findFailure(dir: string, tests: readonly string[]): Promise<string | undefined> {
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const files = tests.map((test) => `test/${test}`);
  const report = path.join(dir, "report.json");
  const options = ["--bail=1", "--maxWorkers=1", "--reporter=json", `--outputFile=${report}`];
  const args = [vitest, "run", ...options, ...files];
  await rm(report, { force: true });
  try {
    await run(process.execPath, args, { cwd: dir, timeout: longestMs, maxBuffer: 64 * 1024 * 1024 });
    return undefined;
  } catch (error) {
    if ((error as { killed?: boolean }).killed) return "a test without end";
    const { testResults } = JSON.parse(await readFile(report, "utf8")) as { testResults: FileResult[] };
    const all = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = all.find(
      ({ status, failureMessages }) => status === "failed" && failureMessages.length > 0,
    );
    return failed?.fullName ?? testResults.find(({ message }) => message !== "")?.name ?? "an unknown test";
  }
}

/** Unit tests together, as they take a second or two; then one scenario after the other, until one of them fails. */
async function firstFailure(dir: string, tests: readonly string[]): Promise<string | undefined> {
  const units = tests.filter((test) => test.startsWith("unit/"));
  const scenarios = tests.filter((test) => !units.includes(test));
  for (const round of [units, ...scenarios.map((test) => [test])]) {
    const failed = round.length === 0 ? undefined : await findFailure(dir, round);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/** Plants the defect. Throws where the place is not there exactly once: the list has to follow the code. */
async function plant(dir: string, { file, find, replace }: Mutant): Promise<() => Promise<void>> {
  const target = path.join(dir, "src", file);
  const text = await readFile(target, "utf8");
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Error(`src/${file} has ${count} times what exactly one is expected of: ${find}`);
  await writeFile(
    target,
    text.replace(find, () => replace),
  );
  return () => writeFile(target, text);
}

const trees = await Promise.all(Array.from({ length: lanes }, copyTree));
const left = [...mutants.entries()];
const survivors: string[] = [];

/** Takes one defect after the other, until none is left. */
async function work(dir: string): Promise<void> {
  for (let next = left.shift(); next; next = left.shift()) {
    const [index, mutant] = next;
    const mend = await plant(dir, mutant);
    const began = performance.now();
    const failed = await firstFailure(dir, mutant.tests);
    await mend();
    const seconds = Math.round((performance.now() - began) / 1000);
    const verdict = failed === undefined ? "SURVIVED" : `caught by: ${failed}`;
    console.log(
      `${index + 1}/${mutants.length} (${seconds}s) ${mutant.file}: ${mutant.defect}\n    ${verdict}`,
    );
    if (failed === undefined) survivors.push(`${mutant.file}: ${mutant.defect}`);
  }
}

try {
  // Before the first defect: every place is there, and without a defect all is green.
  const [first = ""] = trees;
  for (const mutant of mutants) await (await plant(first, mutant))();
  const all = [...new Set(mutants.flatMap(({ tests }) => tests))];
  const shares = trees.map((_, lane) => all.filter((_test, index) => index % lanes === lane));
  const unsound = await Promise.all(trees.map((dir, lane) => firstFailure(dir, shares[lane] ?? [])));
  for (const failed of unsound)
    if (failed !== undefined) throw new Error(`without any defect a test fails: ${failed}`);
  await Promise.all(trees.map(work));
} finally {
  for (const dir of trees) await removeFolder(dir);
}
const caught = mutants.length - survivors.length;
console.log(
  `${caught} of ${mutants.length} defects caught (${Math.round((100 * caught) / mutants.length)} %)`,
);
for (const survivor of survivors) console.log(`  survived: ${survivor}`);
process.exitCode = caught < mutants.length * leastCaught ? 1 : 0;
