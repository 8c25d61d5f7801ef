/** Runs an outside program (helm, git) without a shell and without leaving anything of it behind. */
import { execa } from "execa";
import type { Environment } from "../../config/settings.ts";
import { ConfigError, messageOf, TransientError } from "../../errors.ts";

export interface ProgramCall {
  /** Path or name of the program. */
  file: string;
  /** Never holds a secret: every user of the machine can read them. */
  args: readonly string[];
  /** The whole environment of the child; nothing is inherited. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  signal?: AbortSignal | undefined;
  /** After this the program is ended, so that no call waits for ever. */
  timeoutMs: number;
  /** More output than this ends the program; 1 MiB where nothing is said. */
  maxStdoutBytes?: number | undefined;
  /** Setting that names the program, for the error when it can't be started. */
  setting: string;
  /** Takes the secrets out of what it says on standard error. */
  redact?: ((text: string) => string) | undefined;
}

export type ProgramResult = Awaited<ReturnType<typeof runProgram>>;

/** What an outside program may need of the environment: PATH, proxies, trusted certificates. */
const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];
const passed = ["PATH", ...proxies, "SSL_CERT_FILE", "SSL_CERT_DIR"];
const startMistakes: Readonly<Record<string, string>> = {
  ENOENT: "does not exist on this machine",
  ENOTDIR: "does not exist on this machine",
  ENOEXEC: "is not a program that this machine can run",
  EACCES: "may not be executed",
};
const killAfterMs = 5_000;
const keptBytes = 64 * 1024;
const keptLines = 20;

/** The named variables (besides the common ones) that are set; everything else stays with the builder. */
export function pickEnvironment(env: Environment, names: readonly string[]): Record<string, string> {
  const pairs = [...passed, ...names].map((name) => [name, env[name]] as const);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/**
 * Runs a program to its end, whatever its exit code. Throws the signal's reason when it was aborted (the program is gone
 * then), ConfigError when there is no such program, TransientError when the machine can't start any.
 */
export async function runProgram(call: ProgramCall) {
  call.signal?.throwIfAborted();
  let kept = Buffer.alloc(0);
  let seen = 0;
  const child = execa(call.file, call.args, {
    env: { ...call.env },
    extendEnv: false,
    cwd: call.cwd,
    ...(call.signal && { cancelSignal: call.signal }),
    stdin: "ignore",
    buffer: { stdout: true, stderr: false },
    maxBuffer: { stdout: call.maxStdoutBytes ?? 1024 * 1024 },
    timeout: call.timeoutMs,
    forceKillAfterDelay: killAfterMs,
    stripFinalNewline: false,
    reject: false,
  });
  child.stderr.on("data", (chunk: Uint8Array) => {
    seen += chunk.length;
    kept = Buffer.concat([kept, chunk]).subarray(-keptBytes);
  });
  const { redact = (text) => text } = call;
  const { exitCode, signal: killedBy, timedOut, isMaxBuffer, stdout, code, cause } = await child;
  call.signal?.throwIfAborted();
  if (exitCode === undefined && killedBy === undefined && !isMaxBuffer)
    throw startFailure(call, code ?? messageOf(cause));
  return {
    /** undefined when the program was ended by a signal. */
    exitCode,
    killedBy,
    timedOut,
    /** Whether it was ended because it said more than `maxStdoutBytes`. */
    tooMuchOutput: isMaxBuffer,
    stdout,
    /** The last lines of what it said on standard error, of which half a line may be half a secret. */
    stderrLines: lastLines(redact(kept.toString("utf8")).replace(seen > keptBytes ? /^[^\n]*/ : "", "")),
  };
}

/** A machine without memory, processes, files or disk may have some again in a minute. */
function startFailure({ file, setting }: ProgramCall, code: string): ConfigError | TransientError {
  const mistake = startMistakes[code];
  if (mistake === undefined)
    return new TransientError("this machine", `${file} can't be started on this machine (${code})`);
  const what = `${file} ${mistake}; correct the path, or use the builder's own image`;
  return new ConfigError([{ where: setting, what }]);
}

function lastLines(text: string): string[] {
  const lines = text.split(/\r?\n|\r/).map((line) => line.trimEnd());
  return lines.filter((line) => line !== "").slice(-keptLines);
}
