/** What people may tell a run that waits for them. */
export interface Approval {
  by: string;
  /** ISO 8601, UTC. */
  at: string;
}

export interface Operators {
  /** The approval of this run, once somebody gave it. */
  findApproval(runId: string): Promise<Approval | undefined>;
}
