/** What a verb is given, and the world that it works in. */
import { existsSync, readFileSync } from "node:fs";
import type { Need, Settings } from "../config/settings.ts";
import { joined } from "../domain/words.ts";
import type { Ending } from "../errors.ts";
import type { World } from "../pipeline/world.ts";
import type { Redactor } from "../redaction.ts";

export interface VerbContext {
  env: Record<string, string | undefined>;
  /** Flags by their camel-case names. */
  options: Record<string, unknown>;
  args: string[];
  /** Aborted with a CancelledError by SIGTERM and SIGINT. */
  signal: AbortSignal;
  /** Writes a text to standard output, without secrets and control characters. */
  stdout: (text: string) => void;
  /** Writes what the redactor has been through already: a document, a page, a line of the log. */
  write: (clean: string) => void;
  color: boolean;
  /** Writes lines of the log, which are clean: beside what the verb prints, where that is for programs or a page. */
  log: { write: (text: string) => void; color: boolean };
  version: string;
  /** Secrets added here are left out of errors that main prints. */
  redactor: Redactor;
}

/** How it ended; undefined for a verb that only printed its answer. */
export type Verb = (context: VerbContext) => Promise<Ending | undefined>;

/** Does a verb's work in the world of the environment and files. Throws ConfigError with all problems. */
export async function inWorld<T>(
  context: VerbContext,
  need: Need,
  work: (world: World, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { env, version, log, redactor, signal } = context;
  const settings = await settingsOf(context, need);
  const { compose } = await import("../compose.ts");
  const { world, dispose } = await compose({ settings, env, version, ...log, redactor });
  try {
    return await work(world, signal);
  } finally {
    dispose();
  }
}

/** The settings alone. Throws ConfigError with all problems. */
export async function settingsOf({ env }: VerbContext, need: Need): Promise<Settings> {
  // Loaded here: help and usage need no schemas.
  const { parseSettings } = await import("../config/settings.ts");
  return parseSettings(env, (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined), need);
}

export function isJson({ options }: Pick<VerbContext, "options">): boolean {
  return options["output"] === "json" || options["o"] === "json";
}

/** What a verb has to say: a document for programs, lines for people. */
export interface Answer {
  document?: unknown;
  lines: readonly string[];
}

/** Prints an answer. */
export function print(context: VerbContext, { document, lines }: Answer): void {
  if (isJson(context)) context.write(`${context.redactor.json(document, 2)}\n`);
  else if (lines.length > 0) context.stdout(`${joined(lines)}\n`);
}
