/** How an error that ends the program is told to people. */
import { failureLines, joined, table, under } from "./domain/words.ts";
import { BuilderError, ConfigError } from "./errors.ts";

/** Writes an error as lines for people; one that nobody foresaw comes with its stack. */
export function printError(error: unknown, write: (text: string) => void): void {
  const lines = errorLines(error);
  write(`${error instanceof BuilderError ? joined(lines) : lines.join("\n")}\n`);
}

export function errorLines(error: unknown): string[] {
  if (error instanceof ConfigError)
    return under(error.message, table(error.problems.map(({ where, what }) => [where, what])));
  if (error instanceof BuilderError) return failureLines(error);
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return ["this is a bug in powo-builder:", stack];
}

/** What went wrong in one line, for the termination message. */
export function outcomeOf(error: unknown): string {
  if (error instanceof ConfigError) return error.summary;
  if (error instanceof BuilderError) return `${error.summary} [${error.code}]`;
  return `bug: ${error instanceof Error ? error.message : String(error)}`;
}
