import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
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
  const gone = [`prod-${dead.pid}-aB3xYz`, `prod-${process.pid}-aB3xYz`, `prod-${dead.pid}`];
  const kept = [`prod-${process.ppid}-aB3xYz`, `uat-${dead.pid}-aB3xYz`, "prod-x"];
  for (const name of [...gone, ...kept]) await left(`powo-builder-${name}`);
  await left("something-else");
  const dir = openWorkDir(parent, "prod");
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect(await readdir(dir)).toEqual([]);
  expect(path.basename(dir)).toMatch(new RegExp(`^powo-builder-prod-${process.pid}-\\w{6}$`));
  const stay = [...kept.map((name) => `powo-builder-${name}`), "something-else", path.basename(dir)];
  expect((await readdir(parent)).sort()).toEqual(stay.sort());
  removeDir(dir);
  await expect(stat(dir)).rejects.toThrow("ENOENT");
});

it("leaves a link and somebody else's folder alone, and uses neither", async () => {
  const target = path.join(parent, "target");
  await mkdir(target);
  await writeFile(path.join(target, "file"), "kept");
  const link = path.join(parent, `powo-builder-linked-${process.pid}-aB3xYz`);
  await symlink(target, link);
  await left(`powo-builder-linked-${process.pid}-foreig`);
  const uid = vi.spyOn(process, "getuid").mockReturnValue(4_711);
  const dir = openWorkDir(parent, "linked");
  uid.mockRestore();
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await readdir(target)).toEqual(["file"]);
  expect(await readdir(path.join(parent, `powo-builder-linked-${process.pid}-foreig`))).toEqual(["git"]);
  expect((await lstat(dir)).isDirectory()).toBe(true);
  openWorkDir(parent, "linked");
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  await expect(stat(path.join(parent, `powo-builder-linked-${process.pid}-foreig`))).rejects.toThrow(
    "ENOENT",
  );
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

describe("a folder for temporary files", () => {
  const openToAll = "lets any user rename what is in it";
  const make = async (name: string, mode: number) => {
    const folder = path.join(parent, name);
    await mkdir(folder);
    await chmod(folder, mode);
    return folder;
  };

  it.each<[what: string, prepare: () => Promise<string>, problem: string | undefined]>([
    ["of this user alone", () => make("own", 0o700), undefined],
    ["for everybody, with the sticky bit, as /tmp is", () => make("sticky", 0o1777), undefined],
    ["for everybody", () => make("open", 0o777), openToAll],
    ["for everybody, by setgid, as an emptyDir is", () => make("volume", 0o2777), openToAll],
    ["that is not there yet", async () => path.join(parent, "new/below"), undefined],
    [
      "behind a link, for everybody",
      async () => {
        await symlink(await make("linked-to", 0o777), path.join(parent, "link-to-open"));
        return path.join(parent, "link-to-open");
      },
      openToAll,
    ],
  ])("%s", async (_, prepare, problem) => {
    const folder = await prepare();
    if (problem === undefined) expect((await stat(openWorkDir(folder, "prod"))).mode & 0o777).toBe(0o700);
    else
      expect(thrownBy(() => openWorkDir(folder, "prod"))).toMatchObject({
        problems: [{ where: "TMPDIR", what: `${folder} ${problem}; name a folder of the builder's own` }],
      });
  });

  it("behind a link: the folder itself is used, wherever the link leads later", async () => {
    const link = path.join(parent, "link");
    await symlink(await make("real", 0o700), link);
    expect(path.dirname(openWorkDir(link, "prod"))).toBe(await realpath(path.join(parent, "real")));
  });

  it("of another user is refused, of root it is not", async () => {
    const uid = vi.spyOn(process, "getuid").mockReturnValue(4_711);
    const folder = await make("foreign", 0o700);
    const owner = (await stat(folder)).uid;
    if (owner === 0) {
      expect(() => openWorkDir(folder, "prod")).not.toThrow();
      await chown(folder, 4_712, 4_712);
    }
    const refused = {
      problems: [{ where: "TMPDIR", what: expect.stringContaining("belongs to another user; name") }],
    };
    expect(thrownBy(() => openWorkDir(folder, "prod"))).toMatchObject(refused);
    uid.mockRestore();
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

it("is a mistake of TMPDIR where its place may not be written", () => {
  const denied = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
  for (const call of ["accessSync", "mkdirSync"] as const) {
    const spy = vi.spyOn(fs, call).mockImplementation(() => {
      throw denied;
    });
    const place = call === "mkdirSync" ? path.join(parent, "none", "there") : parent;
    const what = `${place} may not be written; name a folder of the builder's own`;
    expect(() => openWorkDir(place, "prod")).toThrow(
      expect.objectContaining({ problems: [{ where: "TMPDIR", what }] }),
    );
    spy.mockRestore();
  }
});
