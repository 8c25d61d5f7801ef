/** All checks of preflight and of `validate`: side by side, every problem reported at once. */
import type { Settings } from "../../config/settings.ts";
import type { RenderedObject } from "../../domain/release.ts";
import { ConfigError, PermanentError, type Problem } from "../../errors.ts";
import type { Ports } from "../../ports/index.ts";
import type { Chart } from "../../ports/sources.ts";
import { type LiveReading, readLive } from "../read-live.ts";
import type { Surroundings } from "../remove-release.ts";
import { type Capacity, checkCapacity } from "./capacity.ts";
import type { Check } from "./check.ts";
import { checkChart } from "./chart.ts";
import { checkData, type CheckedDocument } from "./data.ts";
import { checkRights } from "./rights.ts";
import { checkZones } from "./zones.ts";

type Needs = Pick<Ports, "cluster" | "dns" | "releases" | "sources">;

export interface Findings {
  chart: Chart;
  data: CheckedDocument;
  live: LiveReading;
  secretsSha256: string;
  /** The chart's objects, rendered with the real values. */
  rendered: RenderedObject[];
  /** Whether a second site fits; that it does not is among the warnings. */
  capacity: Capacity;
  warnings: string[];
  /** How many things were checked. */
  checks: number;
}

export interface Checked {
  problems: Problem[];
  /** A dependency said no in a way that no setting mends (Cloud DNS: 403). */
  refusal: PermanentError | undefined;
  findings: Findings | undefined;
}

/** Runs all checks. Throws TransientError when a dependency stays away. */
export async function runChecks(
  ports: Needs,
  settings: Settings,
  { clock, signal }: Surroundings,
): Promise<Checked> {
  const [chart, data, [zones, live], rights] = await allEnded([
    caught(() => checkChart(ports, settings, signal)),
    caught(() => checkData(ports.sources, settings, signal)),
    checkNames(ports, settings),
    caught(() => checkRights(ports.cluster, settings)),
  ]);
  const all = [chart, data, zones, rights, live];
  const problems = all.flatMap((check) => check.problems);
  const refusal = all.map((check) => check.refusal).find((error) => error !== undefined);
  const nothing = { problems, refusal, findings: undefined };
  if (problems.length > 0 || refusal || !chart.result || !data.result || !live.result) return nothing;
  const { objects } = chart.result;
  const capacity = await checkCapacity(ports.cluster, settings, objects, live.result, clock.now());
  const findings: Findings = {
    chart: chart.result.chart,
    capacity,
    secretsSha256: chart.result.secretsSha256,
    rendered: objects,
    data: data.result,
    live: live.result,
    warnings: [...all.flatMap((check) => check.warnings), ...(capacity.fits ? [] : [capacity.text])],
    checks: all.reduce((sum, check) => sum + check.checked, 0),
  };
  return { problems, refusal, findings };
}

/** The findings. Throws ConfigError with all problems, or the refusal of a dependency. */
export async function requireChecks(
  ports: Needs,
  settings: Settings,
  surroundings: Surroundings,
): Promise<Findings> {
  const { problems, refusal, findings } = await runChecks(ports, settings, surroundings);
  if (findings) return findings;
  if (problems.length === 0 && refusal) throw refusal;
  throw new ConfigError(problems, "PREFLIGHT");
}

type Caught<T> = Check<T> & { refusal: PermanentError | undefined };
const nothingFound = { result: undefined, warnings: [], checked: 0, refusal: undefined };

/** Bad input becomes problems, so that the other checks' findings are told as well; outages are thrown. */
async function caught<T>(check: () => Promise<Check<T>>): Promise<Caught<T>> {
  try {
    return { ...(await check()), refusal: undefined };
  } catch (error) {
    if (error instanceof ConfigError) return { ...nothingFound, problems: [...error.problems] };
    if (error instanceof PermanentError) return { ...nothingFound, problems: [], refusal: error };
    throw error;
  }
}

/** What is live is asked once the zones are known to be there: one message for one zone that is missing or away. */
async function checkNames(
  ports: Needs,
  settings: Settings,
): Promise<[zones: Caught<true>, live: Caught<LiveReading>]> {
  const zones = await caught(() => checkZones(ports.dns, settings));
  if (zones.problems.length > 0 || zones.refusal) return [zones, { ...nothingFound, problems: [] }];
  const live = await caught(async () => {
    const result = await readLive(ports, settings.environment, settings.mappings);
    return { result, problems: [], warnings: [], checked: 1 };
  });
  return [zones, live];
}

/** As Promise.all, but nothing is still under way when one has failed: a fetch would go on in a folder that is removed. */
async function allEnded<T extends readonly unknown[]>(work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
