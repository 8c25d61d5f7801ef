/** The real program as a child process, as an operator's machine or a pod would run it. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

export interface BuilderProcess {
  pid: number;
  /** Both streams, line by line, in the order in which they came. */
  lines: string[];
  output: () => string;
  /** SIGKILL unless told otherwise: no time for last words. */
  kill: (signal?: NodeJS.Signals) => void;
  /** The exit code, or the signal that ended it. */
  exit: Promise<number | NodeJS.Signals>;
  /** True once it has ended. */
  hasEnded: () => boolean;
  /** The first line that matches; throws when it ends or the time is over without one. */
  line: (pattern: RegExp, timeoutMs?: number) => Promise<string>;
}

export interface BuilderOptions {
  /** Path of powo-builder.js. */
  program: string;
  /** The command that runs this one in surroundings of its own. */
  wrap?: ((command: readonly string[]) => [string, ...string[]]) | undefined;
  args: readonly string[];
  /** The whole environment. */
  env: Readonly<Record<string, string>>;
  onLine?: ((line: string) => void) | undefined;
}

export function startBuilderProcess({ program, wrap, args, ...rest }: BuilderOptions): BuilderProcess {
  const command = [process.execPath, program, ...args];
  return startProcess(wrap?.(command) ?? command, rest);
}

/** Any other program, followed in the same way. */
export function startProcess(
  [file = "", ...rest]: readonly string[],
  { env, onLine }: Pick<BuilderOptions, "env" | "onLine">,
): BuilderProcess {
  const child = spawn(file, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) {
    let unfinished = "";
    const push = (line: string) => {
      lines.push(line);
      onLine?.(line);
    };
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = `${unfinished}${chunk}`.split("\n");
      unfinished = parts.pop() ?? "";
      parts.forEach(push);
    });
    stream.on("end", () => unfinished !== "" && push(unfinished));
  }
  const exit = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      ended = true;
      resolve(code ?? signal ?? "SIGKILL");
    });
  });
  const output = () => lines.join("\n");
  return {
    pid: child.pid ?? 0,
    lines,
    output,
    exit,
    hasEnded: () => ended,
    kill: (signal = "SIGKILL") => void child.kill(signal),
    async line(pattern, timeoutMs = 60_000) {
      for (const deadline = Date.now() + timeoutMs; ;) {
        const over = ended || Date.now() > deadline;
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        if (over) throw new Error(`no line ${String(pattern)} in:\n${output()}`);
        await sleep(5);
      }
    },
  };
}
