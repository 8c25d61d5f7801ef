import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openWorkDir, removeDir } from "../../../../src/adapters/process/work-dir.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

let parent: string;
beforeAll(async () => void (parent = await mkdtemp(path.join(tmpdir(), "powo-work-"))));
afterAll(() => removeFolder(parent));

async function left(name: string): Promise<void> {
  await mkdir(path.join(parent, name, "git"), { recursive: true });
  await writeFile(path.join(parent, name, "git/ssh-key"), "key");
}

it("is the builder's alone, and takes those of killed builders of the environment with it", async () => {
  const dead = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(dead, "exit");
  const names = [
    `prod-${dead.pid}`,
    `prod-${process.pid}`,
    `prod-${process.ppid}`,
    `uat-${dead.pid}`,
    "prod-x",
  ];
  for (const name of names) await left(`powo-builder-${name}`);
  await left("something-else");
  const dir = openWorkDir(parent, "prod");
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect(await readdir(dir)).toEqual([]);
  const kept = [`prod-${process.pid}`, `prod-${process.ppid}`, `uat-${dead.pid}`, "prod-x"];
  expect((await readdir(parent)).sort()).toEqual(
    [...kept.map((name) => `powo-builder-${name}`), "something-else"].sort(),
  );
  removeDir(dir);
  await expect(stat(dir)).rejects.toThrow("ENOENT");
});

it("that is written to while it is removed is no failure", async () => {
  const dir = openWorkDir(parent, "busy");
  const writer = spawn(
    "sh",
    ["-c", `while :; do mkdir -p '${dir}/a/b'; : > '${dir}/a/b/c'; done 2>/dev/null`],
    { stdio: "ignore" },
  );
  try {
    for (let times = 0; times < 5; times += 1) expect(() => removeDir(dir)).not.toThrow();
  } finally {
    writer.kill("SIGKILL");
  }
});
