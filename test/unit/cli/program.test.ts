import { describe, expect, it } from "vitest";
import { runProgram } from "../../../src/cli/program.ts";
import type { VerbContext } from "../../../src/cli/verb.ts";
import { verbs } from "../../../src/cli/verbs.ts";
import { type Ending, exitCodes, RefusedError } from "../../../src/errors.ts";
import { createRedactor } from "../../../src/redaction.ts";

/** Runs a command line on the real table, with verbs that only note what they were given. */
async function program(line: string, ending: Ending | Error = { code: exitCodes.done, outcome: "" }) {
  const said = { out: "", err: "" };
  const calls: [verb: string, context: VerbContext][] = [];
  const table = verbs.map((row) => ({
    ...row,
    run: async (context: VerbContext) => {
      calls.push([row.name, context]);
      if (ending instanceof Error) throw ending;
      return ending;
    },
  }));
  const { code, outcome } = await runProgram({
    argv: line.split(" ").filter(Boolean),
    env: { A: "1" },
    signal: new AbortController().signal,
    stdout: (text) => (said.out += text),
    stderr: (text) => (said.err += text),
    color: false,
    version: "1.2.3",
    redactor: createRedactor(),
    table,
  });
  return { code, outcome, ...said, said: () => said, calls, called: calls.map(([name]) => name) };
}

describe("verbs", () => {
  it("runs `run` when none is named", async () => {
    expect(await program("")).toMatchObject({ code: 0, called: ["run"], out: "", err: "" });
  });

  it("are given their flags, arguments and surroundings", async () => {
    const { calls } = await program("status -w --output json");
    expect(calls[0]?.[1]).toMatchObject({
      options: { watch: true, output: "json" },
      args: [],
      version: "1.2.3",
    });
    const { calls: scheduled } = await program("schedule 0_12_*_*_SUN --time-zone Europe/London");
    expect(scheduled[0]?.[1]).toMatchObject({
      options: { timeZone: "Europe/London" },
      args: ["0_12_*_*_SUN"],
      env: { A: "1" },
    });
  });

  it("say what they do on standard error where their output is an answer, or is for programs", async () => {
    for (const line of ["status", "plan", "validate", "history", "report -o json", "cleanup -o json"]) {
      const { calls, said } = await program(line);
      calls[0]?.[1].log.write("log");
      calls[0]?.[1].stdout("answer");
      expect(said(), line).toEqual({ out: "answer", err: "log" });
    }
    for (const line of ["run", "abort", "rollback", "update", "approve", "cleanup"]) {
      const { calls, said } = await program(line);
      calls[0]?.[1].log.write("log");
      expect(said(), line).toEqual({ out: "log", err: "" });
    }
  });

  it("decide the exit code and how the end is told, and what they throw is passed on", async () => {
    const ending = { code: exitCodes.refused, outcome: "too late" };
    expect(await program("abort", ending)).toMatchObject(ending);
    const refused = new RefusedError("NO", "no");
    await expect(program("abort", refused)).rejects.toBe(refused);
  });
});

describe("help", () => {
  it("names every verb and an example", async () => {
    for (const line of ["--help", "-h", "help"]) {
      const { code, out, called } = await program(line);
      expect({ code, called }).toEqual({ code: 0, called: [] });
      for (const { name, summary } of verbs) {
        expect(out).toContain(`  ${name} `);
        expect(out).toContain(summary);
      }
      expect(out).toContain("Example:");
    }
  });

  it.each(verbs.map(({ name }) => name))("of %s shows its flags and an example", async (name) => {
    for (const line of [`${name} --help`, `help ${name}`]) {
      const { code, out, called } = await program(line);
      expect({ code, called }).toEqual({ code: 0, called: [] });
      const row = verbs.find((verb) => verb.name === name)!;
      expect(out).toContain(`Example:\n  ${row.example ?? `powo-builder ${name}`}`);
      for (const [flags] of row.options ?? []) expect(out).toContain(flags);
    }
  });

  it("tells the version", async () => {
    expect(await program("--version")).toMatchObject({ code: 0, out: "1.2.3\n", called: [] });
  });
});

describe("mistakes", () => {
  it.each([
    ["rnu", "unknown verb 'rnu'", "Did you mean run?"],
    ["statsu -w", "unknown verb 'statsu'", "Did you mean status?"],
    ["frobnicate", "unknown verb 'frobnicate'", "powo-builder --help"],
    ["status --wacth", "unknown option '--wacth'", "Did you mean --watch?"],
    ["--verison", "unknown option '--verison'", "Did you mean --version?"],
    ["status -o yaml", "Allowed choices are json", "powo-builder status --help"],
    ["status -o", "argument missing", "powo-builder status --help"],
    ["abort now", "too many arguments", "usage: powo-builder abort"],
  ])("in `%s` are told with advice, exit 2, and run nothing", async (line, mistake, advice) => {
    const { code, out, err, called } = await program(line);
    expect({ code, out, called }).toEqual({ code: 2, out: "", called: [] });
    expect(err).toContain(mistake);
    expect(err).toContain(advice);
  });
});
