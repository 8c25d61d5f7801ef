/** The builder's folder for what it fetches and what programs keep beside: gone at the end, whatever the end was. */
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { isAlive } from "./is-alive.ts";

/**
 * Makes a folder for this process below `parent`, under a name that nobody can guess and readable by nobody else, and
 * removes those of builders of the environment that were killed: an SSH key may lie there. Process ids are given away
 * again: one that is taken keeps a folder until another time.
 */
export function openWorkDir(parent: string, environment: string): string {
  const prefix = `powo-builder-${environment}-`;
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent).filter((found) => found.startsWith(prefix))) {
    const owner = Number(/^(\d+)(?:-\w+)?$/.exec(name.slice(prefix.length))?.[1]);
    const isOver = owner === process.pid || (owner > 0 && !isAlive(owner));
    const dir = path.join(parent, name);
    if (isOver && isOurs(dir)) removeDir(dir);
  }
  return mkdtempSync(path.join(parent, `${prefix}${process.pid}-`));
}

/** Removes a folder as far as it goes: a program that was stopped may still be writing, and the next builder sweeps. */
export function removeDir(dir: string): void {
  try {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  } catch {
    // What is left is in the way of nothing.
  }
}

/** Whether it is a folder, not a link, of the user that this process runs as: others may write into /tmp too. */
function isOurs(dir: string): boolean {
  const stats = lstatSync(dir, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}
