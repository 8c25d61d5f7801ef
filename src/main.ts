/** The edge of the process: arguments, environment, signals, exit code; everything else is told what it needs. */
import { existsSync, writeFileSync } from "node:fs";
import { isatty } from "node:tty";
import { runProgram } from "./cli/program.ts";
import { asOutage, CancelledError, type ExitCode, exitCodeOf, exitCodes } from "./errors.ts";
import { outcomeOf, printError } from "./print-error.ts";
import { createRedactor } from "./redaction.ts";
import { writeFully } from "./write-sync.ts";

/** Put in by scripts/build.ts; not there where the program is run from its sources. */
declare const POWO_BUILDER_VERSION: string | undefined;

const { argv, env } = process;
const redactor = createRedactor();
const stopping = new AbortController();

const stderr = (text: string) => writeFully(2, text);

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(signal, () => {
    // Whoever asks twice doesn't want to wait: the state is saved at every step.
    if (stopping.signal.aborted) process.exit(exitCodes.interrupted);
    stopping.abort(new CancelledError("STOPPED", `stopped by ${signal}`));
  });
}
process.on("unhandledRejection", (error) => fail(error));
process.on("uncaughtException", (error) => fail(error));

function fail(thrown: unknown): never {
  const error = asOutage(causeOf(thrown));
  printError(error, (text) => stderr(redactor.text(text)));
  end(exitCodeOf(error), outcomeOf(error));
}

/** What a timer or a request throws when it is stopped says less than the reason for stopping. */
function causeOf(error: unknown): unknown {
  const { signal } = stopping;
  const stopped = signal.aborted && error instanceof Error && error.name === "AbortError";
  return stopped ? signal.reason : error;
}

function end(code: ExitCode, outcome: string): never {
  leaveTerminationMessage(outcome);
  process.exitCode = code;
  process.exit();
}

/** Kubernetes shows at most 4,096 bytes of the file as the reason why the container ended. */
function leaveTerminationMessage(outcome: string): void {
  const file = env["TERMINATION_LOG"] || "/dev/termination-log";
  const text = redactor.line(outcome).slice(0, 1_000);
  try {
    if (text !== "" && existsSync(file)) writeFileSync(file, `${text}\n`);
  } catch {
    // It is a courtesy: the log says the same.
  }
}

const mayColor = (stream: number) => isatty(stream) && !env["NO_COLOR"] && env["TERM"] !== "dumb";
const { signal } = stopping;
try {
  const { code, outcome } = await runProgram({
    argv: argv.slice(2),
    env,
    signal,
    stdout: (text) => writeFully(1, text),
    stderr,
    color: mayColor(1),
    stderrColor: mayColor(2),
    version: typeof POWO_BUILDER_VERSION === "string" ? POWO_BUILDER_VERSION : "development",
    redactor,
  });
  end(code, outcome);
} catch (error) {
  fail(error);
}
