/** The completion scripts, in the shells themselves where they are installed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { completionScript } from "../../../src/cli/completion.ts";
import { verbs } from "../../../src/cli/verbs.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const folder = mkdtempSync(path.join(tmpdir(), "completion-"));
afterAll(() => removeFolder(folder));

const names = verbs.map(({ name }) => name);
const isThere = (shell: string) => spawnSync("which", [shell]).status === 0;

function written(shell: string): string {
  const file = path.join(folder, `completion.${shell}`);
  writeFileSync(file, completionScript(shell));
  return file;
}

/** What a shell says; fails when it says anything on standard error. */
function say(shell: string, args: string[], cwd = folder): string[] {
  const { stdout, stderr, status } = spawnSync(shell, args, { encoding: "utf8", cwd });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout.split("\n").filter(Boolean);
}

describe("in bash", () => {
  const file = written("bash");
  /** The last word is the one to be completed. */
  const complete = (...words: string[]) => {
    const line = ["powo-builder", ...words].map((word) => `"${word}"`).join(" ");
    const script = `source ${file}; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _powo_builder; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return say("bash", ["--norc", "-c", script]);
  };

  it("completes every verb", () => {
    expect(complete("")).toEqual([...names, "help", "-h", "--help", "-V", "--version"]);
    expect(complete("ro")).toEqual(["rollback"]);
    expect(complete("help", "stat")).toEqual(["status"]);
  });

  it("completes the flags of a verb and what may follow them", () => {
    expect(complete("status", "--w")).toEqual(["--watch"]);
    expect(complete("status", "--watch", "-o", "")).toEqual(["json"]);
    expect(complete("status", "--output", "j")).toEqual(["json"]);
    expect(complete("completion", "f")).toEqual(["fish"]);
    expect(complete("approve", "--by", "")).toEqual([]);
    writeFileSync(path.join(folder, "report.html"), "");
    expect(complete("report", "--output", "rep")).toEqual(["report.html"]);
  });
});

describe.skipIf(!isThere("fish"))("in fish", () => {
  const file = written("fish");
  const complete = (line: string) =>
    say("fish", ["--no-config", "-c", `source ${file}; complete -C '${line}'`]).map(
      (answer) => answer.split("\t")[0],
    );

  it("completes verbs, flags and what may follow them", () => {
    expect(complete("powo-builder ")).toEqual(expect.arrayContaining([...names, "help"]));
    expect(complete("powo-builder status --w")).toEqual(["--watch"]);
    expect(complete("powo-builder status -o ")).toEqual(["json"]);
    expect(complete("powo-builder completion f")).toEqual(["fish"]);
  });
});

describe.skipIf(!isThere("zsh"))("in zsh", () => {
  it("is a script that loads, and knows its function", () => {
    const file = written("zsh");
    const script = `autoload -Uz compinit; compinit -u -D; source ${file}; print $_comps[powo-builder]`;
    expect(say("zsh", ["-f", "-c", script])).toEqual(["_powo_builder"]);
  });
});

it.each(["bash", "zsh", "fish"])("names every flag of every verb (%s)", (shell) => {
  const script = completionScript(shell);
  for (const { options } of verbs)
    for (const [flags] of options)
      for (const flag of flags.match(/--?[a-z-]+/g) ?? [])
        expect(script).toMatch(
          new RegExp(shell === "fish" ? `-[sl] ${flag.replace(/^-+/, "")}\\b` : `${flag}\\b`),
        );
});
