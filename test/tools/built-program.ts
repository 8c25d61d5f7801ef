/** The program as it is shipped, dist/powo-builder.js: built when it is missing or older than its sources. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const root = path.resolve(import.meta.dirname, "../..");
const program = path.join(root, "dist/powo-builder.js");
const lock = path.join(root, "node_modules/.cache/powo-build-lock");
const keptPrograms = path.join(root, "node_modules/.cache/powo-programs");
const keptMs = 24 * 3_600_000;
/** NODE_COMPILE_CACHE for programs that are started many times: Node compiles each file of theirs once. */
export const compileCache = path.join(root, "node_modules/.cache/powo-compiled");
const longestBuildMs = 60_000;

let built: Promise<string> | undefined;

/** The path of the program; looks at the sources once in a process. */
export function requireProgram(): Promise<string> {
  built ??= ensureBuilt();
  return built;
}

/**
 * The path of a copy of the program that stays as it is when somebody builds anew. Equal builds have the same copy, and so
 * the same entries in the compile cache, which knows files by their paths.
 */
export async function requireKeptProgram(): Promise<string> {
  const dist = path.dirname(await requireProgram());
  // main.js names its chunks by their content.
  const hash = createHash("sha256");
  for (const name of ["powo-builder.js", "main.js"]) hash.update(await readFile(path.join(dist, name)));
  const kept = path.join(keptPrograms, hash.digest("hex").slice(0, 16));
  if (!(await exists(kept))) await keep(dist, kept);
  return path.join(kept, path.basename(program));
}

async function keep(dist: string, kept: string): Promise<void> {
  const partial = `${kept}.${process.pid}`;
  await cp(dist, partial, { recursive: true });
  // Whoever made it meanwhile made the same.
  await rename(partial, kept).catch(() => rm(partial, { recursive: true }));
  for (const name of await readdir(keptPrograms)) {
    const folder = path.join(keptPrograms, name);
    const { mtimeMs } = await stat(folder);
    if (Date.now() - mtimeMs > keptMs) await rm(folder, { recursive: true, force: true });
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

async function ensureBuilt(): Promise<string> {
  if (await isFresh()) return program;
  await mkdir(path.dirname(lock), { recursive: true });
  // Tests run in several processes; one builds, the others wait for it.
  const began = Date.now();
  while (!(await taken())) {
    await sleep(100);
    if (Date.now() - began > longestBuildMs) await rmdir(lock).catch(() => undefined);
  }
  try {
    if (!(await isFresh()))
      await promisify(execFile)(process.execPath, [path.join(root, "scripts/build.ts")], { cwd: root });
  } finally {
    await rmdir(lock).catch(() => undefined);
  }
  return program;
}

const taken = (): Promise<boolean> =>
  mkdir(lock).then(
    () => true,
    () => false,
  );

async function isFresh(): Promise<boolean> {
  const builtAt = await stat(program).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (builtAt === 0) return false;
  const names = await readdir(path.join(root, "src"), { recursive: true });
  const sources = names.filter((name) => name.endsWith(".ts")).map((name) => `src/${name}`);
  const scripts = ["build.ts", "bill-of-materials.ts", "third-party-notices.ts", "launcher.js"].map(
    (name) => `scripts/${name}`,
  );
  const inputs = ["package.json", ...scripts, ...sources].map((name) => path.join(root, name));
  const changes = await Promise.all(inputs.map(async (file) => (await stat(file)).mtimeMs));
  return changes.every((changed) => changed <= builtAt);
}
