/**
 * A folder as a digest and a copy: what was looked at is what is used, whatever happens to the original. Others wrote it:
 * every walk has limits of entries, bytes, depth and time, and opens nothing but files of the folder itself.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { lstat, mkdir, open, opendir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileTrouble } from "../../domain/words.ts";
import { asOutage, TransientError } from "../../errors.ts";
import { mistake } from "./source.ts";

const maxBytes = 200 * 1024 * 1024;
const maxEntries = 20_000;
/** Of a whole repository with git's own files, of which the chart is a part. */
const maxFetched = 10 * maxEntries;
const maxDepth = 50;
const maxMs = 5 * 60_000;
const checkEveryMs = 500;

/** With slashes, relative to the folder, and where links lead. */
type TreeFile = [relative: string, real: string];

/**
 * All files of a folder, sorted by path; links are followed. Throws ConfigError for a link that leads out of it, for what is
 * neither file nor folder, and for more than 200 MiB, 20,000 entries or 50 levels; TransientError after five minutes.
 */
export function listTree(dir: string, signal: AbortSignal): Promise<TreeFile[]> {
  return inTime(dir, signal, (inner) => walk(dir, inner));
}

async function walk(dir: string, signal: AbortSignal): Promise<TreeFile[]> {
  const root = await realpath(dir);
  const files: TreeFile[] = [];
  let [bytes, entries] = [0, 0];
  const visit = async (folder: string, relative: string, above: readonly string[]): Promise<void> => {
    if (above.length > maxDepth)
      throw refuse(`${relative} lies more than ${maxDepth} folders deep; name only the chart's folder`);
    for await (const { name } of await opendir(folder)) {
      signal.throwIfAborted();
      if (relative === "" && name === ".git") continue;
      if ((entries += 1) > maxEntries)
        throw refuse(`it holds more than ${maxEntries} files and folders; name only the chart's folder`);
      const shown = relative === "" ? name : `${relative}/${name}`;
      const real = await resolveInside(root, path.join(folder, name), shown);
      const stats = await stat(real);
      if (stats.isDirectory()) {
        if (above.includes(real)) throw refuse(`link ${shown} is circular; remove it`);
        await visit(real, shown, [...above, real]);
      } else if (stats.isFile()) {
        if ((bytes += stats.size) > maxBytes) throw tooLarge();
        files.push([shown, real]);
      } else throw notFile(shown);
    }
  };
  await visit(root, "", [root]);
  return files.sort(([one], [other]) => (one < other ? -1 : 1));
}

async function resolveInside(root: string, file: string, shown: string): Promise<string> {
  const real = await realpath(file).catch(() => undefined);
  if (real === undefined) throw refuse(`link ${shown} points to nothing; remove it, or add its target`);
  if (real !== root && !real.startsWith(root + path.sep))
    throw refuse(`link ${shown} points outside the chart; put the file itself there`);
  return real;
}

/** `sha256:…` over sorted relative paths and contents. Throws as listTree does. */
export function digestTree(dir: string, signal: AbortSignal): Promise<string> {
  return inTime(dir, signal, async (inner) => `sha256:${await digestFiles(await walk(dir, inner))}`);
}

/** Copies a folder with links resolved; gives the copy. Throws as listTree does. */
export function copyTree(from: string, to: string, signal: AbortSignal): Promise<string> {
  return inTime(from, signal, async (inner) => {
    await mkdir(to, { recursive: true });
    for (const [relative, real] of await walk(from, inner)) {
      inner.throwIfAborted();
      const copy = path.join(to, relative);
      await mkdir(path.dirname(copy), { recursive: true });
      await writeFile(copy, await readRegular(relative, real));
    }
    return to;
  });
}

/** A listed file may be a pipe, a device or a link by now: it is opened without waiting, and read only if it is still a file. */
async function readRegular(shown: string, real: string): Promise<Buffer> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  await using handle = await open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    throw asOutage(error) === error ? refuse(`${shown}: ${fileTrouble(error)}; fix or remove it`) : error;
  });
  if (!(await handle.stat()).isFile()) throw notFile(shown);
  return await handle.readFile();
}

/** Ends some work with the signal, and with TransientError after five minutes: a call to a disk that hangs ends by neither. */
async function inTime<T>(
  dir: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const inner = AbortSignal.any([signal, AbortSignal.timeout(maxMs)]);
  const ended = once(inner, "abort").then(() => {
    signal.throwIfAborted();
    throw new TransientError("the chart source", `${dir} could not be read within 5 minutes`);
  });
  return Promise.race([work(inner), ended]);
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

/** Does some work that fills `dir`, and ends it with a ConfigError when that grows beyond 200 MiB or 200,000 entries. */
export async function bounded<T>(
  dir: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  limits = { bytes: maxBytes, entries: maxFetched },
): Promise<T> {
  const overflow = new AbortController();
  let checking: Promise<void> | undefined;
  const check = async () => {
    if (await outgrows(dir, limits).catch(() => false)) overflow.abort(tooLarge());
  };
  const timer = setInterval(() => {
    checking ??= check().finally(() => (checking = undefined));
  }, checkEveryMs);
  try {
    const result = await work(AbortSignal.any([signal, overflow.signal]));
    await check();
    overflow.signal.throwIfAborted();
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** Whether a folder holds more than this; what comes and goes meanwhile counts as it is met. */
async function outgrows(dir: string, limits: { bytes: number; entries: number }): Promise<boolean> {
  let [bytes, entries] = [0, 0];
  for await (const entry of await opendir(dir, { recursive: true })) {
    const stats = await lstat(path.join(entry.parentPath, entry.name)).catch(() => undefined);
    if (stats?.isFile() === true) bytes += stats.size;
    if ((entries += 1) > limits.entries || bytes > limits.bytes) return true;
  }
  return false;
}

function tooLarge() {
  const remedy = "name a repository or folder with only the chart";
  return mistake(`holds more than 200 MiB or ${maxFetched} files and folders; ${remedy}`);
}

function notFile(shown: string) {
  return refuse(`${shown} is neither file nor folder; remove it`);
}

function refuse(what: string) {
  return mistake(what, "the chart");
}
