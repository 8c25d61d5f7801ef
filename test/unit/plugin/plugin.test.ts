/** What the plugin says without a cluster: help, completion, mistakes in what was typed. The rest: test/e2e/in-cluster/plugin.ts. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { verbs } from "../../../src/cli/verbs.ts";

const plugin = path.resolve(import.meta.dirname, "../../../plugin");
const type = (...args: string[]) =>
  execa("sh", [path.join(plugin, "kubectl-powo"), ...args], { reject: false });
const complete = async (...args: string[]) => {
  const { stdout } = await execa("sh", [path.join(plugin, "kubectl_complete-powo"), ...args]);
  return stdout.split("\n");
};
/** The verbs that make sense as a Job, and the plugin's own. */
const names = [...verbs.map(({ name }) => name).filter((name) => name !== "schedule"), "logs", "open"];

describe("kubectl powo", () => {
  test("explains every verb", async () => {
    const { stdout, exitCode } = await type("--help");
    expect(exitCode).toBe(0);
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  kubectl powo ${name}\\b`, "m"));
  });

  test.each([
    [[], /kubectl powo status/],
    [["statsu"], /unknown verb statsu; one of: .*status/],
    [["status", "-n"], /-n needs a value/],
    [["retry", "--accept", "two\nlines"], /retry: an argument holds a line break/],
    ...["80a", "0", "65536", "99999999999"].map((port): [string[], RegExp] => [
      ["open", port],
      new RegExp(`open: ${port} is no port`),
    ]),
    [["logs", "--tail"], /logs: unknown flag --tail/],
  ])("refuses %j with 2", async (args, message) => {
    const { exitCode, stdout, stderr } = await type(...args);
    expect({ exitCode, said: stdout + stderr }).toEqual({
      exitCode: 2,
      said: expect.stringMatching(message),
    });
  });

  test("completes verbs and their flags, in kubectl's own way", async () => {
    const words = await complete("");
    expect(words.slice(0, -1).toSorted()).toEqual(names.toSorted());
    expect(words.at(-1)).toBe(":4");
    expect(await complete("retry", "--")).toEqual(
      expect.arrayContaining(["--accept", "--by", "--namespace", ":4"]),
    );
    expect(await complete("open", "--")).toContain("--no-browser");
    expect(await complete("status", "")).toEqual([":4"]);
  });

  test("is what the pages say", async () => {
    const root = path.join(plugin, "..");
    const pages = [
      "README.md",
      "docs/operations.md",
      "docs/observability.md",
      "docs/errors.md",
      "docs/chart.md",
    ];
    const text = (await Promise.all(pages.map((page) => readFile(path.join(root, page), "utf8")))).join("\n");
    const typed = [...text.matchAll(/kubectl powo ([a-z]+)/g)].map(([, verb]) => verb);
    expect(typed.length).toBeGreaterThan(12);
    expect(typed.filter((verb) => !names.includes(verb!))).toEqual([]);
  });

  test("is POSIX shell, whatever sh is", async () => {
    for (const file of ["kubectl-powo", "kubectl_complete-powo"]) {
      expect(await readFile(path.join(plugin, file), "utf8")).toMatch(/^#!\/bin\/sh\n/);
      expect(await execa("sh", ["-n", path.join(plugin, file)])).toMatchObject({ exitCode: 0 });
    }
  });
});
