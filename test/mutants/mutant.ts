/** A deliberate defect, and the tests that are to notice it. */
export interface Mutant {
  /** What the defect does, as a person would report it. */
  defect: string;
  /** Below `src/`. */
  file: string;
  /** Occurs exactly once in the file. */
  find: string;
  replace: string;
  /** Files or folders below `test/`, those most likely to notice first. */
  tests: readonly string[];
}
