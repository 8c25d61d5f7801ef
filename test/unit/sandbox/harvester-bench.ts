/** One small document, and models of a harvester that hold it. */
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";
import type { DataConfiguration } from "../../sandbox/harvester/data-configuration.ts";
import { HarvesterModel, type HarvesterOptions } from "../../sandbox/harvester/model.ts";

interface ListBody {
  currentJob: number;
  hasNextJob: boolean;
  nextRun?: string;
  status?: string;
  jobConfigurations: {
    id: number;
    identifier: string;
    jobStatus?: string;
    jobExitCode?: string;
    lastJobExecution?: number;
  }[];
}
interface ExecutionBody {
  status: string;
  endTime: number | null;
  exitStatus: { exitCode: string; exitDescription: string };
  stepExecutions: { readCount: number; writeCount: number }[];
}

export const small = generateDataConfiguration({ organisations: 2, jobs: 4, listed: 3 });
export const [firstJob = "", secondJob = ""] = small.jobLists[0]?.jobConfigurations ?? [];

/** A model with a clock of its own; every job takes 100 s. */
export function harvesterWith(doc: DataConfiguration | undefined, options: HarvesterOptions = {}) {
  const clock = { ms: 1_000_000 };
  const model = new HarvesterModel({ jobMs: 100_000, ...options, now: () => clock.ms });
  if (doc) model.importData(doc);
  const list = () => model.list("1").body as ListBody;
  const execution = (job: string) => model.execution(model.idOf(job)).body as ExecutionBody;
  const later = (seconds: number) => void (clock.ms += seconds * 1_000);
  return { model, list, execution, later, clock };
}
