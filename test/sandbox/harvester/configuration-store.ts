/** The harvester's tables of organisations, jobs and lists, and its import that is not one transaction. */
import type { DataConfiguration, JobConfiguration, Organisation } from "./data-configuration.ts";
import { indexed, LoadingRules, type Verdict } from "./loading-rules.ts";

export interface ListRow {
  id: number;
  identifier: string;
  description: string;
  jobs: JobConfiguration[];
  currentJob: number;
  /** In whole seconds; stays while the list runs, and is gone when it is Completed. */
  nextRun?: number;
  status?: "Scheduled" | "Running" | "Completed";
}

/** Run state that a document may carry: it is loaded as it stands. */
type GivenState = Partial<Pick<ListRow, "status" | "currentJob"> & { nextRun: string }>;

/** How an import ended; `killed` has no answer. */
export type LoadEnd = Verdict | "killed";

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

  /** Loads the document row by row, organisations first, until one is not taken or it died after `killAfter` rows. */
  load(doc: DataConfiguration, killAfter = Infinity): LoadEnd {
    const rules = new LoadingRules();
    let room = killAfter;
    const store = <T>(rows: readonly T[], judge: (row: T) => Verdict, keep: (row: T) => Verdict): LoadEnd => {
      for (const row of rows) {
        if (room <= 0) return "killed";
        room -= 1;
        const verdict = judge(row);
        const kept = verdict === "taken" ? keep(structuredClone(row)) : verdict;
        if (kept !== "taken") return kept;
      }
      return "taken";
    };
    if (doc.organisations.length + doc.jobConfigurations.length + doc.jobLists.length === 0) return "broken";
    const ends = [
      () =>
        store(
          doc.organisations,
          (row) => rules.organisation(row),
          (row) => this.#keepOrganisation(row),
        ),
      () =>
        store(
          doc.jobConfigurations,
          (row) => rules.job(row),
          (row) => this.#keepJob(row),
        ),
      () =>
        store(
          doc.jobLists,
          (row) => rules.list(row),
          (row) => this.#keepList(row),
        ),
    ];
    for (const part of ends) {
      const end = part();
      if (end !== "taken") return end;
    }
    if (room <= 0) return "killed";
    return this.broken || this.lists.some((row, index) => row.jobs.length < lengthOf(doc, index))
      ? "broken"
      : "taken";
  }

  #keepOrganisation(row: Organisation): Verdict {
    // A resource belongs to the organisation that it is written under, whatever it says.
    const resources = row.resources.map((entry) => ({ ...entry, organisation: row.identifier }));
    this.organisations.push({ ...row, resources });
    return "taken";
  }

  #keepJob(row: JobConfiguration): Verdict {
    const { identifier, description, jobName } = row;
    // Whatever was given for a parameter, a text is stored.
    const parameters = Object.fromEntries(
      Object.entries(row.parameters).map(([key, value]) => [key, asText(value)]),
    );
    this.jobs.push({ identifier, description, jobName, parameters });
    return "taken";
  }

  #keepList({
    identifier,
    description,
    jobConfigurations,
    ...given
  }: DataConfiguration["jobLists"][number]): Verdict {
    const known = new Map(this.jobs.map((job) => [job.identifier, job]));
    const holes = jobConfigurations.map((name) => !known.has(name));
    // The last place of a list that names nothing only makes it shorter.
    if (holes.slice(0, -1).includes(true)) this.broken = true;
    const { nextRun, status, currentJob = 0 } = given as GivenState;
    this.lists.push({
      ...{ id: this.lists.length + 1, identifier, description, currentJob },
      jobs: jobConfigurations.flatMap((name) => known.get(name) ?? []),
      ...(nextRun !== undefined && { nextRun: Date.parse(nextRun) }),
      ...(status !== undefined && { status }),
    });
    return "taken";
  }

  /** The document as `GET /data` gives it back: in order; of run state only `nextRun`. */
  export(): DataConfiguration {
    return structuredClone({
      organisations: this.organisations,
      jobConfigurations: this.jobs,
      jobLists: this.lists.map(({ identifier, description, jobs, nextRun }) => ({
        identifier,
        description,
        jobConfigurations: jobs.map((job) => job.identifier),
        ...(nextRun !== undefined && { nextRun: new Date(nextRun).toISOString() }),
      })),
    });
  }

  list(identifier: string): ListRow | undefined {
    return this.lists.find((row) => indexed(row.identifier) === indexed(identifier));
  }

  /** The numeric id of a job, counted from 1; 0 for one that isn't here. */
  idOf(identifier: string): number {
    return this.jobs.findIndex((job) => job.identifier === identifier) + 1;
  }
}

const asText = (value: string | number | boolean): string => value.toString();

function lengthOf({ jobLists }: DataConfiguration, index: number): number {
  return jobLists[index]?.jobConfigurations.length ?? 0;
}
