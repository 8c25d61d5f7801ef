import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { isAlive } from "../../../../src/adapters/process/is-alive.ts";

it("a process lives until it was killed", async () => {
  expect(isAlive(process.pid)).toBe(true);
  const child = spawn("sleep", ["60"]);
  const { pid = 0 } = child;
  expect(isAlive(pid)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isAlive(pid)).toBe(false);
  expect(isAlive(2 ** 22 + 1)).toBe(false);
});
