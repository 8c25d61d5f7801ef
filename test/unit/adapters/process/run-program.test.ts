import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, expect, it, vi } from "vitest";
import { runProgram } from "../../../../src/adapters/process/run-program.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

vi.mock("execa", { spy: true });
afterEach(() => vi.restoreAllMocks());

const call = { args: [], env: {}, cwd: tmpdir(), timeoutMs: 5_000, setting: "HELM_BIN" };

it.each(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "ENOSPC"])(
  "a machine that can't start a program for now (%s) is an outage",
  async (code) => {
    const ended = { exitCode: undefined, signal: undefined, isMaxBuffer: false, code };
    const child = Object.assign(Promise.resolve(ended), { stderr: { on: () => undefined } });
    vi.mocked(execa).mockImplementationOnce((() => child) as never);
    await expect(runProgram({ ...call, file: "helm" })).rejects.toMatchObject({
      code: "OUTAGE",
      dependency: "this machine",
      message: expect.stringContaining(code),
    });
  },
);

it("a program that is not there, or that may not be executed, is a mistake", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "powo-run-"));
  const plain = path.join(dir, "plain");
  await writeFile(plain, "no program", { mode: 0o644 });
  for (const [file, said] of [
    [path.join(dir, "nothing"), "does not exist on this machine"],
    [plain, "may not be executed"],
    [path.join(plain, "below"), "does not exist on this machine"],
  ] as const) {
    const what = expect.stringContaining(`${file} ${said}`);
    await expect(runProgram({ ...call, file })).rejects.toMatchObject({
      problems: [{ where: "HELM_BIN", what }],
    });
  }
  await removeFolder(dir);
});

it("keeps the last lines of standard error", async () => {
  const script = "for (let i = 1; i <= 30; i++) console.error(i); process.exitCode = 3";
  const result = await runProgram({ ...call, file: process.execPath, args: ["-e", script] });
  expect(result).toMatchObject({ exitCode: 3, killedBy: undefined, timedOut: false });
  expect(result.stderrLines).toHaveLength(20);
  expect(result.stderrLines.at(-1)).toBe("30");
});
