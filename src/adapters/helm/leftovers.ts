/** Helm processes that a killed builder left at work on this machine. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { releaseMarker } from "./command.ts";

const graceMs = 3_000;
const pollMs = 50;

/**
 * Ends the processes that carry the marker of this release: SIGTERM, after 3 s SIGKILL. Returns how many there were;
 * 0 where there is no /proc.
 */
export async function stopLeftovers(release: string, platform = process.platform): Promise<number> {
  if (platform !== "linux") return 0;
  const found = await findMarked(release);
  for (const pid of found) end(pid, "SIGTERM");
  const deadline = performance.now() + graceMs;
  let left = await findMarked(release);
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(pollMs);
    left = await findMarked(release);
  }
  for (const pid of left) end(pid, "SIGKILL");
  return found.length;
}

/** The marker is looked up again before each signal, so a process id that was given away is never hit. */
async function findMarked(release: string): Promise<number[]> {
  const marker = `${releaseMarker}=${release}`;
  const names = await readdir("/proc");
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const marked = await Promise.all(
    pids.map(async (pid) => {
      if (pid === process.pid) return false;
      // Somebody else's process can't be read, and one that has ended has no environment.
      const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
      return environment.split("\0").includes(marker);
    }),
  );
  return pids.filter((_, index) => marked[index]);
}

function end(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
