/** A folder as a digest and a copy: what was looked at is what is used, whatever happens to the original. */
import { createHash } from "node:crypto";
import { cp, lstat, mkdir, readdir, readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { mistake } from "./source.ts";

const maxBytes = 200 * 1024 * 1024;
const maxEntries = 20_000;
const maxDepth = 50;
const checkEveryMs = 500;

interface TreeFile {
  /** With slashes, relative to the folder. */
  relative: string;
  /** Where links lead. */
  real: string;
}

/**
 * All files of a folder, sorted by path; links are followed. Throws ConfigError for a link that leads out of it, and for
 * more than 200 MiB, 20,000 entries or 50 levels.
 */
export async function listTree(dir: string, signal: AbortSignal): Promise<TreeFile[]> {
  const root = await realpath(dir);
  const files: TreeFile[] = [];
  let [bytes, entries] = [0, 0];
  const visit = async (folder: string, relative: string, above: readonly string[]): Promise<void> => {
    if (above.length > maxDepth) throw refuse(`${relative} lies more than ${maxDepth} folders deep`);
    for (const name of await readdir(folder)) {
      signal.throwIfAborted();
      if (relative === "" && name === ".git") continue;
      if ((entries += 1) > maxEntries) throw refuse(`it holds more than ${maxEntries} files and folders`);
      const shown = relative === "" ? name : `${relative}/${name}`;
      const real = await resolveInside(root, path.join(folder, name), shown);
      const stats = await stat(real);
      if (stats.isDirectory()) {
        if (above.includes(real)) throw refuse(`link ${shown} leads in a circle; remove it`);
        await visit(real, shown, [...above, real]);
      } else if (stats.isFile()) {
        if ((bytes += stats.size) > maxBytes) throw tooLarge();
        files.push({ relative: shown, real });
      } else throw refuse(`${shown} is neither file nor folder; remove it`);
    }
  };
  await visit(root, "", [root]);
  return files.sort((a, b) => (a.relative < b.relative ? -1 : 1));
}

async function resolveInside(root: string, file: string, shown: string): Promise<string> {
  const real = await realpath(file).catch(() => undefined);
  if (real === undefined) throw refuse(`link ${shown} leads nowhere; remove it, or add what it names`);
  if (real !== root && !real.startsWith(root + path.sep))
    throw refuse(`link ${shown} leads out of the chart; put the file itself there`);
  return real;
}

/** `sha256:…` over sorted relative paths and contents. Throws as listTree does. */
export async function digestTree(dir: string, signal: AbortSignal): Promise<string> {
  const files = await listTree(dir, signal);
  return `sha256:${await digestFiles(files.map(({ relative, real }) => [relative, real]))}`;
}

/** Copies a folder with links resolved; gives the copy. Throws as listTree does. */
export async function copyTree(from: string, to: string, signal: AbortSignal): Promise<string> {
  await mkdir(to, { recursive: true });
  for (const { relative, real } of await listTree(from, signal)) await cp(real, path.join(to, relative));
  return to;
}

/** sha256 over some files: their names, lengths and contents. Lengths keep one's end from passing for the next one's start. */
export async function digestFiles(files: readonly [name: string, file: string][]): Promise<string> {
  const hash = createHash("sha256");
  for (const [name, file] of files) {
    const content = await readFile(file);
    hash.update(`${Buffer.byteLength(name)}:${name}:${content.length}:`).update(content);
  }
  return hash.digest("hex");
}

/** Does some work that fills `dir`, and ends it with a ConfigError when that grows beyond 200 MiB. */
export async function bounded<T>(
  dir: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  limit = maxBytes,
): Promise<T> {
  const overflow = new AbortController();
  const check = async () => {
    if ((await sizeOf(dir)) > limit) overflow.abort(tooLarge());
  };
  const timer = setInterval(() => void check(), checkEveryMs);
  try {
    const result = await work(AbortSignal.any([signal, overflow.signal]));
    await check();
    overflow.signal.throwIfAborted();
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** Bytes of all files below a folder; files that come and go meanwhile count as they are met. */
async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const all = files.map(({ parentPath, name }) => lstat(path.join(parentPath, name)).catch(() => undefined));
  return (await Promise.all(all)).reduce((bytes, stats) => bytes + (stats?.size ?? 0), 0);
}

function tooLarge() {
  return mistake("holds more than 200 MiB; name the repository or folder of the chart alone");
}

function refuse(what: string) {
  return mistake(what, "the chart");
}
