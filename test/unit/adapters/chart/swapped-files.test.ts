/** A folder that changes between the look at it and the copy. */
import { execFileSync } from "node:child_process";
import { rmSync, symlinkSync } from "node:fs";
import { mkdir, mkdtemp, type stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { copyTree, listTree } from "../../../../src/adapters/chart/tree.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

const hooks = vi.hoisted(() => ({ afterStat: (): unknown => undefined }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<{ stat: typeof stat }>();
  const hooked = async (file: string) => {
    const stats = await real.stat(file);
    await hooks.afterStat();
    return stats;
  };
  return { ...real, stat: hooked };
});

let dir: string;
let file: string;
const signal = new AbortController().signal;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "powo-swapped-"));
  await mkdir(path.join(dir, "from"));
  file = path.join(dir, "from/values.yaml");
  await writeFile(file, "a: 1\n");
});
afterEach(async () => {
  hooks.afterStat = () => undefined;
  vi.useRealTimers();
  await removeFolder(dir);
});

it.each<[what: string, make: () => unknown, problem: string]>([
  ["a pipe", () => execFileSync("mkfifo", [file]), "values.yaml is neither file nor folder; remove it"],
  [
    "a link to a device",
    () => symlinkSync("/dev/zero", file),
    "values.yaml: can't be read (ELOOP); fix or remove it",
  ],
  ["nothing", () => undefined, "values.yaml: there is no such file; fix or remove it"],
])("is not read where a file has become %s", async (_, make, what) => {
  hooks.afterStat = () => (rmSync(file), make());
  const copying = copyTree(path.dirname(file), path.join(dir, "to"), signal);
  await expect(copying).rejects.toMatchObject({
    code: "CONFIGURATION",
    problems: [{ where: "the chart", what }],
  });
});

it("is an outage where its disk hangs, and no obstacle to being stopped", async () => {
  const late = new AbortController();
  const hanging = Promise.withResolvers<undefined>();
  hooks.afterStat = () => hanging.promise;
  vi.spyOn(AbortSignal, "timeout").mockImplementationOnce((ms) => {
    expect(ms).toBe(5 * 60_000);
    return late.signal;
  });
  const walk = listTree(path.dirname(file), signal);
  late.abort();
  await expect(walk).rejects.toMatchObject({ code: "OUTAGE", dependency: "the chart source" });
  const stop = new AbortController();
  const stopped = listTree(path.dirname(file), stop.signal);
  stop.abort(new Error("stop now"));
  await expect(stopped).rejects.toThrow("stop now");
  hanging.resolve(undefined);
});
