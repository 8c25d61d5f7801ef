/** The builder's folder for what it fetches and what programs keep beside: gone at the end, whatever the end was. */
import fs from "node:fs";
import path from "node:path";
import { ConfigError } from "../../errors.ts";
import { isAlive } from "./is-alive.ts";

/**
 * Makes a folder for this process alone, under a name that nobody can guess, and removes those of builders that were killed:
 * an SSH key may lie there. Throws ConfigError where it may not be written, or somebody else could put a folder in its place.
 */
export function openWorkDir(given: string, environment: string): string {
  const prefix = `powo-builder-${environment}-`;
  const parent = requireSafe(given);
  for (const name of fs.readdirSync(parent).filter((found) => found.startsWith(prefix))) {
    const owner = Number(/^(\d+)(?:-\w+)?$/.exec(name.slice(prefix.length))?.[1]);
    const isOver = owner === process.pid || (owner > 0 && !isAlive(owner));
    const dir = path.join(parent, name);
    if (isOver && isOurs(dir)) removeDir(dir);
  }
  return fs.mkdtempSync(path.join(parent, `${prefix}${process.pid}-`));
}

/** The folder itself, wherever links lead; made for this user alone when it is missing. */
function requireSafe(given: string): string {
  try {
    if (!fs.existsSync(given)) fs.mkdirSync(given, { recursive: true, mode: 0o700 });
    fs.accessSync(given, fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") throw unfit(given, "may not be written");
    throw error;
  }
  const parent = fs.realpathSync(given);
  const { uid, mode } = fs.statSync(parent);
  const isForeign = uid !== 0 && uid !== process.getuid?.();
  // Everybody may write, and without the sticky bit (1000) rename what others have there as well.
  if (!isForeign && (mode & 0o1002) !== 0o002) return parent;
  throw unfit(given, isForeign ? "belongs to another user" : "lets any user rename what is in it");
}

function unfit(folder: string, problem: string): ConfigError {
  const what = `${folder} ${problem}; name a folder of the builder's own`;
  return new ConfigError([{ where: "TMPDIR", what }]);
}

/** Removes a folder as far as it goes: a program that was stopped may still be writing, and the next builder sweeps. */
export function removeDir(dir: string): void {
  try {
    fs.rmSync(dir, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  } catch {
    // What is left does no harm.
  }
}

/** Whether it is a folder, not a link, of the user that this process runs as: others may write into /tmp too. */
function isOurs(dir: string): boolean {
  const stats = fs.lstatSync(dir, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}
