import type { z } from "zod";

/** A setting, by its environment variable. */
export interface Row {
  /** Where the value sits in Settings, where that isn't the variable's name in camelCase. */
  at?: string;
  /** From text to value. A default is a prefault, written as text; a row with neither prefault nor optional is required. */
  value: z.ZodType<unknown, string | undefined>;
  /** One sentence, with the unit where there is one. */
  description: string;
  /** `whole`: the value is a secret; `credentials`: what it holds between `//` and `@`, or in its query, is. */
  secret?: "whole" | "credentials";
  /** Not in builder.yaml: it says where files are, or what machine this is. */
  environmentOnly?: true;
  /** Another key in builder.yaml, beside the variable's name in camelCase. */
  fileKey?: string;
  /** The setting that it is of no use without. */
  needs?: string;
  /** Accepted for old charts, of no effect. */
  ignored?: true;
  /** The value of the chart that sets it, where that isn't `settings.<variable>`; false: none, the chart or image itself. */
  chart?: string | false;
}

/** Rows under a heading of docs/configuration.md. */
export function group<const Rows extends Readonly<Record<string, Row>>>(heading: string, rows: Rows) {
  const entries = Object.entries(rows).map(([name, row]) => [name, { ...row, group: heading }]);
  return Object.fromEntries(entries) as { [Name in keyof Rows]: Rows[Name] & { group: string } };
}
