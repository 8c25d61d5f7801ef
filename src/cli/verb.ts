/** What a verb is given and what it gives back. */
import type { ExitCode } from "../errors.ts";
import type { Redactor } from "../redaction.ts";

export interface VerbContext {
  env: Record<string, string | undefined>;
  /** Flags by their camel-case names. */
  options: Record<string, unknown>;
  args: string[];
  /** Aborted with a CancelledError by SIGTERM and SIGINT. */
  signal: AbortSignal;
  /** Writes a text, as it is, to standard output. */
  stdout: (text: string) => void;
  color: boolean;
  /** The size of the terminal that standard output is; undefined: it is none. */
  terminal?: { columns: () => number; rows: () => number } | undefined;
  /** Writes lines of the log: beside what the verb prints, where that is for programs or a page. */
  log: { write: (text: string) => void; color: boolean };
  version: string;
  /** Secrets added here are left out of errors that main prints. */
  redactor: Redactor;
}

export type Verb = (context: VerbContext) => Promise<ExitCode>;
