/** The builder's folder for what it fetches and what programs keep beside: gone at the end, whatever the end was. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

/**
 * Makes the folder of this process below `parent`, readable by nobody else, and removes those of builders of the
 * environment that were killed: an SSH key may lie there.
 */
export function openWorkDir(parent: string, environment: string, pid = process.pid): string {
  const prefix = `powo-builder-${environment}-`;
  for (const name of namesIn(parent)) {
    const owner = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    if (/^\d+$/.test(owner) && (Number(owner) === pid || !isAlive(Number(owner))))
      removeDir(path.join(parent, name));
  }
  const dir = path.join(parent, `${prefix}${pid}`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** Removes a folder as far as it goes: a program that was stopped may still be writing, and the next builder sweeps. */
export function removeDir(dir: string): void {
  try {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  } catch {
    // What is left is in the way of nothing.
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** Process ids are given away again: one that is taken keeps a folder until another time. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== "ESRCH";
  }
}
