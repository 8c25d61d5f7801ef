/** The program as it is shipped, dist/powo-builder.js: built when it is missing or older than its sources. */
import { execFile } from "node:child_process";
import { mkdir, readdir, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const root = path.resolve(import.meta.dirname, "../..");
const program = path.join(root, "dist/powo-builder.js");
const lock = path.join(root, "node_modules/.cache/powo-build-lock");
const longestBuildMs = 60_000;

let built: Promise<string> | undefined;

/** The path of the program; looks at the sources once in a process. */
export function requireProgram(): Promise<string> {
  built ??= ensureBuilt();
  return built;
}

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
