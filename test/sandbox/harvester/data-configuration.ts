/** The data configuration as the harvester's API speaks it, and sizes that depend on nothing but names. */
import { createHash } from "node:crypto";

export interface Resource {
  identifier: string;
  organisation: string;
  resourceType: string;
  title: string;
  uri: string;
}

export interface Organisation {
  identifier: string;
  title: string;
  abbreviation: string;
  resources: Resource[];
  bibliographicCitation?: string;
  description?: string;
  subject?: string;
  creator?: string;
  publisherName?: string;
  publisherEmail?: string;
}

export interface JobConfiguration {
  identifier: string;
  description: string;
  jobName: "DarwinCoreArchiveHarvesting" | "ReIndex";
  parameters: Record<string, string>;
}

interface JobList {
  identifier: string;
  description: string;
  /** Identifiers of jobs, in the order in which they run. */
  jobConfigurations: string[];
}

export interface DataConfiguration {
  organisations: Organisation[];
  jobConfigurations: JobConfiguration[];
  jobLists: JobList[];
}

/** What a full site finds: about the size of production's index. */
export const FULL_SITE_TAXA = 1_423_456;

/** A number in [0, 1) that depends on the text alone. */
function fractionOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}

/** Records that a job reads: `sandbox.records`, or a number that depends on the identifier alone. */
export function recordsOf(job: JobConfiguration): number {
  const set = Number(job.parameters["sandbox.records"]);
  if (Number.isInteger(set) && set >= 0) return set;
  if (job.jobName === "ReIndex") return FULL_SITE_TAXA;
  return 200 + Math.floor(fractionOf(job.identifier) ** 3 * 250_000);
}
