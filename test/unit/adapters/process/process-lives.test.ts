import { spawn } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { processLives } from "../../../../src/adapters/process/process-lives.ts";

describe("whether a process lives", () => {
  it("knows this one", () => {
    expect(processLives(process.pid, Date.now())).toBe(true);
    expect(processLives(process.pid, undefined)).toBe(true);
  });

  it("isn't taken in by a process that came later under the same id", () => {
    const hourAgo = Date.now() - process.uptime() * 1000 - 3_600_000;
    expect(processLives(process.pid, hourAgo)).toBe(false);
  });

  it("knows one that was killed", async () => {
    const child = spawn("sleep", ["60"]);
    const { pid = 0 } = child;
    expect(processLives(pid, Date.now())).toBe(true);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(processLives(pid, Date.now())).toBe(false);
  });

  it("reads names with brackets and spaces, and takes a zombie for dead", async () => {
    const proc = await mkdtemp(path.join(tmpdir(), "proc-"));
    await writeFile(path.join(proc, "stat"), "cpu 1 2\nbtime 1000\nprocesses 5\n");
    const stat = async (pid: number, state: string) => {
      await mkdir(path.join(proc, String(pid)));
      const between = Array.from({ length: 18 }, () => "0").join(" ");
      await writeFile(path.join(proc, String(pid), "stat"), `${pid} (a) b) ${state} ${between} 50000 7 8\n`);
    };
    await stat(7, "S");
    await stat(8, "Z");
    // started 500 s after the boot at second 1000
    expect(processLives(7, 1_500_000, proc)).toBe(true);
    expect(processLives(7, 1_400_000, proc)).toBe(false);
    expect(processLives(8, 1_500_000, proc)).toBe(false);
    expect(processLives(9, 1_500_000, proc)).toBe(false);
  });

  it("asks the kernel where there is no /proc", async () => {
    const nowhere = path.join(tmpdir(), "no-proc");
    expect(processLives(process.pid, undefined, nowhere)).toBe(true);
    expect(processLives(2 ** 22 + 1, undefined, nowhere)).toBe(false);
  });
});
