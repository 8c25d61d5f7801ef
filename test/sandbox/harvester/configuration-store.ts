/** The harvester's tables of organisations, jobs and lists, and its import that is not one transaction. */
import {
  inNoOrder,
  type DataConfiguration,
  type JobConfiguration,
  type Organisation,
} from "./data-configuration.ts";

export interface ListRow {
  id: number;
  identifier: string;
  description: string;
  jobs: JobConfiguration[];
  currentJob: number;
  nextRun?: number;
  status?: "Scheduled" | "Running" | "Completed";
}

export class ConfigurationStore {
  organisations: Organisation[] = [];
  jobs: JobConfiguration[] = [];
  lists: ListRow[] = [];
  /**
   * A list names a job that doesn't exist. It is saved with a hole in it, and whoever writes it out later
   * stumbles over the hole.
   */
  broken = false;

  get isEmpty(): boolean {
    return this.organisations.length + this.jobs.length + this.lists.length === 0;
  }

  /** Loads the document, organisations first; false when it died after `killAfter` rows. */
  load(doc: DataConfiguration, killAfter = Infinity): boolean {
    let room = killAfter;
    const take = <T>(rows: readonly T[]): T[] => {
      const taken = structuredClone(rows.slice(0, room));
      room -= taken.length;
      return taken;
    };
    this.organisations = take(doc.organisations);
    this.jobs = take(doc.jobConfigurations);
    const known = new Map(this.jobs.map((job) => [job.identifier, job]));
    const lists = take(doc.jobLists);
    this.lists = lists.map(({ identifier, description, jobConfigurations }, index) => ({
      id: index + 1,
      identifier,
      description,
      jobs: jobConfigurations.flatMap((name) => known.get(name) ?? []),
      currentJob: 0,
    }));
    const finished = killAfter === Infinity || room > 0;
    this.broken = finished && lists.some((list) => list.jobConfigurations.some((name) => !known.has(name)));
    return finished;
  }

  /** The document as `GET /data` gives it back: in no order, and without run state. */
  export(): DataConfiguration {
    return structuredClone({
      organisations: inNoOrder(this.organisations).map((organisation) => ({
        ...organisation,
        resources: inNoOrder(organisation.resources),
      })),
      jobConfigurations: inNoOrder(this.jobs),
      jobLists: inNoOrder(this.lists).map(({ identifier, description, jobs }) => ({
        identifier,
        description,
        jobConfigurations: jobs.map((job) => job.identifier),
      })),
    });
  }

  list(identifier: string): ListRow | undefined {
    return this.lists.find((row) => row.identifier === identifier);
  }

  /** The numeric id of a job, counted from 1; 0 for one that isn't here. */
  idOf(identifier: string): number {
    return this.jobs.findIndex((job) => job.identifier === identifier) + 1;
  }
}
