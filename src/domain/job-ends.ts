/** What a job's execution says of its end; pure. */
import type { HarvestExecution } from "./harvest.ts";
import { endedWellBy } from "./harvest-progress.ts";
import { count } from "./words.ts";

/** The first line of every failed job, whatever had happened. */
const saysNothing = "Flow execution ended unexpectedly";
const packages = /\b(?:[a-z_]\w*\.)+(?=[A-Z]\w*)/g;

/**
 * Why an execution did not end well, in one line, as far as the harvester says so: the step that failed, by its exit code
 * (its status may be COMPLETED), with its own words, and where the job's flow ended. `archive` is what the job reads.
 */
export function reasonOf(execution: HarvestExecution | undefined, archive?: string): string {
  const { steps = [], exitDescription = "" } = execution ?? {};
  const failed = steps.find(
    ({ exitCode = "EXECUTING" }) => exitCode !== "EXECUTING" && !endedWellBy(exitCode),
  );
  const words = linesOf(failed?.exitDescription)[0];
  const step = failed && [`${failed.name} ${failed.exitCode ?? ""}`, words].filter(Boolean).join(": ");
  const lines = linesOf(exitDescription).filter((line) => !line.includes(saysNothing));
  const cause = lines.find((line) => /^Caused by.*state=/.test(line)) ?? (step ? undefined : lines[0]);
  const where = archive !== undefined && !step?.includes(archive) ? archive : undefined;
  return [step, where, cause].filter((part) => part !== undefined).join("; ");
}

/** What was said, line by line without stack frames and the packages of exceptions. */
function linesOf(text = ""): string[] {
  return text
    .split("\n")
    .map((line) => line.trim().replaceAll(packages, ""))
    .filter((line) => line !== "" && !line.startsWith("at "));
}

/** What is odd about a job that ended well: COMPLETED proves little. The counts at the portal decide. */
export function oddityOf(execution: HarvestExecution | undefined): string | undefined {
  const { readCount = 0, writeCount = 0, steps = [] } = execution ?? {};
  const skipped = steps.reduce((sum, step) => sum + step.skipCount, 0);
  // What could not even be read is not counted as read.
  const all = Math.max(readCount, skipped);
  if (all === 0) return undefined;
  if (writeCount === 0) return `read ${count(all)} records and wrote none`;
  return skipped > all / 2 ? `skipped ${count(skipped)} of ${count(all)} records` : undefined;
}
