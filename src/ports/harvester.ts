import type { HarvestExecution, HarvestList } from "../domain/harvest.ts";

type ImportResult = { loaded: true } | { loaded: false; error: string };

/** The harvester of one release, reached through API_PREFIX. All methods throw TransientError when it can't be asked. */
export interface Harvester {
  /** The data configuration in the database, as the harvester exports it. */
  exportData(namespace: string): Promise<unknown>;
  /** Posts a data configuration (JSON text); `loaded: false` when it was not taken. Not idempotent, not one transaction. */
  importData(namespace: string, document: Uint8Array): Promise<ImportResult>;
  /** undefined when there is no such list (an empty 200, nothing else): the database was lost. */
  findList(namespace: string, identifier: string): Promise<HarvestList | undefined>;
  /** Starts the list from its first job. Not idempotent. */
  startList(namespace: string, identifier: string): Promise<void>;
  /** The job's last execution; undefined when it never ran. */
  findExecution(namespace: string, jobId: number): Promise<HarvestExecution | undefined>;
  /** Runs one job on its own, at once and beside whatever runs. Not idempotent. */
  startJob(namespace: string, jobId: number): Promise<void>;
}
