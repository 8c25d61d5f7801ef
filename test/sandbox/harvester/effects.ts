/** The tests' log of a harvester: it survives a lost database. */

/** What happened to this release from outside, and which jobs its list started. */
export interface Effect {
  at: number;
  kind: "import" | "list-run" | "job-run" | "job-started" | "pod-killed" | "database-lost";
  /** The list or job it was done to. */
  identifier?: string;
}
