/** Whether a process of this machine still lives. */
import { existsSync, readFileSync } from "node:fs";

/** The kernel counts in these, whatever the machine's own clock rate (USER_HZ). */
const ticksPerSecond = 100;
/** The boot time is known to the second, and moves when the clock is set. */
const toleranceMs = 3000;

/**
 * Whether it lives and was there at `sinceMs`; a later one has only got the same id. Where there is no /proc, only whether
 * the id is in use.
 */
export function processLives(pid: number, sinceMs: number | undefined, proc = "/proc"): boolean {
  if (!existsSync(`${proc}/stat`)) return isInUse(pid);
  const startedAt = findStart(pid, proc);
  if (startedAt === undefined) return false;
  return sinceMs === undefined || startedAt <= sinceMs + toleranceMs;
}

/** Milliseconds since the epoch; undefined when there is no such process, or only its remains. */
function findStart(pid: number, proc: string): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`${proc}/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // "pid (name) state …": the name may hold anything. Start time is field 22 (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync(`${proc}/stat`, "utf8"))?.[1] ?? 0);
  return (bootSeconds + Number(fields[19] ?? 0) / ticksPerSecond) * 1000;
}

function isInUse(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
