/** Runs an outside program (helm, git) without a shell and without leaving anything of it behind. */
import { ConfigError, messageOf } from "../../errors.ts";
import { createTail } from "./tail.ts";

export interface ProgramCall {
  /** Path or name of the program. */
  file: string;
  /** Never holds a secret: every user of the machine can read them. */
  args: readonly string[];
  /** The whole environment of the child; nothing is inherited. */
  env: Readonly<Record<string, string>>;
  cwd?: string | undefined;
  signal?: AbortSignal | undefined;
  /** After this the program is ended, so that no call waits for ever. */
  timeoutMs: number;
  /** More output than this ends the program; 1 MiB where nothing is said. */
  maxStdoutBytes?: number | undefined;
  /** From SIGTERM to SIGKILL; 5 s where nothing is said. */
  killAfterMs?: number | undefined;
  /** Setting that names the program, for the error when it can't be started. */
  setting: string;
}

export interface ProgramResult {
  /** undefined when the program was ended by a signal. */
  exitCode: number | undefined;
  killedBy: string | undefined;
  timedOut: boolean;
  /** Whether it was ended because it said more than `maxStdoutBytes`. */
  tooMuchOutput: boolean;
  stdout: string;
  /** The last lines of what it said on standard error. */
  stderrLines: string[];
}

const startTroubles: Readonly<Record<string, string>> = {
  ENOENT: "is no program on this machine",
  EACCES: "may not be executed",
};

/**
 * Runs a program to its end, whatever its exit code. Throws the signal's reason when it was aborted (the
 * program is gone then) and ConfigError when there is no such program.
 */
export async function runProgram(call: ProgramCall): Promise<ProgramResult> {
  call.signal?.throwIfAborted();
  // Loaded with the first program: a builder that resumes in mid-harvest starts none.
  const { execa } = await import("execa");
  const tail = createTail();
  const child = execa(call.file, call.args, {
    env: { ...call.env },
    extendEnv: false,
    ...(call.cwd !== undefined && { cwd: call.cwd }),
    ...(call.signal && { cancelSignal: call.signal }),
    stdin: "ignore",
    buffer: { stdout: true, stderr: false },
    maxBuffer: { stdout: call.maxStdoutBytes ?? 1024 * 1024 },
    timeout: call.timeoutMs,
    forceKillAfterDelay: call.killAfterMs ?? 5_000,
    stripFinalNewline: false,
    reject: false,
  });
  child.stderr.on("data", (chunk: Uint8Array) => tail.push(chunk));
  const result = await child;
  call.signal?.throwIfAborted();
  if (result.exitCode === undefined && result.signal === undefined && !result.isMaxBuffer) {
    const why =
      startTroubles[result.code ?? ""] ?? `can't be run (${result.code ?? messageOf(result.cause)})`;
    const what = `${call.file} ${why}; correct the path, or use the builder's own image`;
    throw new ConfigError([{ where: call.setting, what }]);
  }
  return {
    exitCode: result.exitCode,
    killedBy: result.signal,
    timedOut: result.timedOut,
    tooMuchOutput: result.isMaxBuffer,
    stdout: result.stdout,
    stderrLines: tail.lines(),
  };
}
