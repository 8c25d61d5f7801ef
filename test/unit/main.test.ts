/** The edge of the process, run from its sources. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { errorLines } from "../../src/print-error.ts";
import { ConfigError, PermanentError } from "../../src/errors.ts";
import { removeFolder } from "../tools/remove-folder.ts";

const main = path.join(import.meta.dirname, "..", "..", "src", "main.ts");
const place = mkdtempSync(path.join(tmpdir(), "powo-main-"));
afterAll(() => removeFolder(place));

const mappings = path.join(place, "dns-mappings.yaml");
writeFileSync(mappings, "dns:\n  - { name: powo.example., zone: example, service: portal }\n");
const nothing = { PATH: process.env["PATH"], TERMINATION_LOG: path.join(place, "none") };

describe("errors", () => {
  it("are told on stderr, exit by their kind, and leave a termination message where there is a file", () => {
    const file = path.join(place, "termination");
    const env = { ...nothing, DNS_MAPPINGS_FILE: path.join(place, "missing.yaml"), TERMINATION_LOG: file };
    const without = spawnSync(process.execPath, [main, "run"], { env, encoding: "utf8" });
    expect(without).toMatchObject({ status: 2, stdout: "" });
    expect(without.stderr).toMatch(/^configuration: \d+ problems, nothing was touched\n {2}\S+ {2,}\S/);
    expect(() => readFileSync(file)).toThrow("ENOENT");
    writeFileSync(file, "");
    spawnSync(process.execPath, [main, "run"], { env });
    expect(readFileSync(file, "utf8")).toMatch(/^configuration: \d+ problems, nothing was touched: .+\n$/);
  });

  it("are told in aligned lines with what to do", () => {
    const config = new ConfigError([
      { where: "G_PROJECT", what: "missing" },
      { where: "HARVEST_TIMEOUT", what: '"2 days" is not a duration' },
    ]);
    expect(errorLines(config)).toEqual([
      "configuration: 2 problems, nothing was touched",
      "  G_PROJECT        missing",
      '  HARVEST_TIMEOUT  "2 days" is not a duration',
    ]);
    const failure = new PermanentError("JOBS_FAILED", "2 jobs failed", { details: ["31"], hint: "look: x" });
    expect(errorLines(failure)).toEqual([
      "2 jobs failed [JOBS_FAILED]",
      "  31",
      "look: x",
      "more: docs/errors.md#jobs_failed",
    ]);
    expect(errorLines(new TypeError("x is undefined"))[1]).toMatch(/^TypeError: x is undefined\n +at /);
  });
});

it("a reader that goes away is no failure", () => {
  const line = `"$0" "$1" --help | true; exit "\${PIPESTATUS[0]}"`;
  expect(spawnSync("bash", ["-c", line, process.execPath, main], { encoding: "utf8" })).toMatchObject({
    status: 0,
    stderr: "",
  });
});

describe("signals", () => {
  const env = {
    ...nothing,
    ENVIRONMENT: "uat",
    DATA_CONFIG_PATH: "https://data.example/data.json",
    G_PROJECT: "powo-example",
    DNS_MAPPINGS_FILE: mappings,
  };

  it.each(["SIGTERM", "SIGINT"] as const)("%s ends a schedule in good order", async (signal) => {
    const child = spawn(process.execPath, [main, "schedule"], { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (text.startsWith("waiting")) child.kill(signal);
      });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(said).toMatch(/^waiting for .*; next: .*\n$/);
    expect(code).toBe(0);
  });
});
