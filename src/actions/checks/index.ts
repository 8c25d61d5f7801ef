/** All checks of preflight, `plan` and `validate`: side by side, every problem reported at once. */
import { checkDataConfiguration, summary } from "../../domain/data-configuration.ts";
import type { RenderedObject } from "../../domain/release.ts";
import { ConfigError, type Problem, TransientError } from "../../errors.ts";
import type { Task } from "../../pipeline/task.ts";
import type { Chart } from "../../ports/sources.ts";
import type { DeletionReading } from "../read-live.ts";
import { type Capacity, checkCapacity } from "./capacity.ts";
import { checkChart, unlessMistaken } from "./chart.ts";
import { checkNames } from "./names.ts";
import { checkRights } from "./rights.ts";

/** What one check found: a result, or problems, or both; `checked` counts the single questions. */
export interface Check<T> {
  result: T | undefined;
  problems: Problem[];
  warnings: string[];
  checked: number;
}

interface CheckedDocument {
  bytes: Uint8Array;
  sha256: string;
  /** `48 organisations, 83 jobs, 1 list`. */
  summary: string;
}

export interface Findings {
  chart: Chart;
  data: CheckedDocument;
  live: DeletionReading;
  secretsSha256: string;
  /** The chart's objects, rendered with the real values. */
  rendered: RenderedObject[];
  /** Whether a second site fits; that it does not is among the warnings. */
  capacity: Capacity;
  warnings: string[];
  /** How many things were checked. */
  checks: number;
}

/** Runs all checks. Throws TransientError when a dependency stays away. */
export async function runChecks(
  task: Task,
): Promise<{ problems: Problem[]; findings: Findings | undefined }> {
  const [chart, data, live, rights] = await allEnded([
    caught(checkChart(task)),
    caught(checkData(task)),
    caught(checkNames(task)),
    caught(checkRights(task)),
  ]);
  const all = [chart, data, live, rights];
  const problems = all.flatMap((check) => check.problems);
  if (problems.length > 0 || !chart.result || !data.result || !live.result)
    return { problems, findings: undefined };
  const { objects: rendered, chart: fetched, secretsSha256 } = chart.result;
  const capacity = await checkCapacity(task, rendered, live.result);
  const findings: Findings = {
    ...{ chart: fetched, secretsSha256, rendered, capacity, data: data.result, live: live.result },
    warnings: [...all.flatMap((check) => check.warnings), ...(capacity.fits ? [] : [capacity.text])],
    checks: all.reduce((sum, check) => sum + check.checked, 0),
  };
  return { problems, findings };
}

/** The findings. Throws ConfigError with all problems. */
export async function requireChecks(task: Task): Promise<Findings> {
  const { problems, findings } = await runChecks(task);
  if (findings) return findings;
  throw new ConfigError(problems, "PREFLIGHT");
}

/** What is live, for a run that goes on after days. Throws ConfigError with all that is wrong with names and rights. */
export async function requireNamesAndRights(task: Task): Promise<DeletionReading> {
  const [live, rights] = await allEnded([caught(checkNames(task)), caught(checkRights(task))]);
  const problems = [...live.problems, ...rights.problems];
  if (problems.length > 0 || !live.result) throw new ConfigError(problems, "PREFLIGHT");
  return live.result;
}

async function checkData({ ports, settings, signal }: Task): Promise<Check<CheckedDocument>> {
  const { bytes, sha256 } = await ports.sources.fetchData(signal);
  const { data, problems, warnings } = checkDataConfiguration(bytes, "DATA_CONFIG_PATH", settings.jobLists);
  return { result: data && { bytes, sha256, summary: summary(data) }, problems, warnings, checked: 2 };
}

/** A check that threw bad input has found it, and nothing else; outages are thrown. */
async function caught<T>(check: Promise<Check<T>>): Promise<Check<T>> {
  const problems: Problem[] = [];
  const found = await unlessMistaken(check, problems);
  return found ?? { ...none, problems };
}

const none: Check<never> = { result: undefined, problems: [], warnings: [], checked: 0 };

/**
 * As Promise.all, but nothing is still under way when one has failed: a fetch would go on in a folder that is removed. An
 * outage of one keeps back no problem that another has found.
 */
async function allEnded<T extends readonly Check<unknown>[]>(work: {
  [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  const settled = await Promise.allSettled(work);
  const found = settled.some((one) => one.status === "fulfilled" && one.value.problems.length > 0);
  const afterOutage = (error: unknown) => {
    if (found && error instanceof TransientError) return none;
    throw error;
  };
  return (await Promise.all(work.map((check) => check.catch(afterOutage)))) as unknown as T;
}
