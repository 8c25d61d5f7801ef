import type { Problem } from "../../errors.ts";

/** What one check found: a result, or problems, or both; `checked` counts the single questions. */
export interface Check<T> {
  result: T | undefined;
  problems: Problem[];
  warnings: string[];
  checked: number;
}
