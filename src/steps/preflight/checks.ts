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
  const [chart, data, zones, rights, live] = await Promise.all([
    caught(() => checkChart(ports, settings, signal)),
    caught(() => checkData(ports.sources, settings, signal)),
    caught(() => checkZones(ports.dns, settings)),
    caught(() => checkRights(ports.cluster, settings)),
    caught(async () => ({
      result: await readLive(ports, settings.environment, settings.mappings),
      problems: [],
      warnings: [],
      checked: 1,
    })),
  ]);
  const all = [chart, data, zones, rights, live];
  const problems = unique(all.flatMap((check) => check.problems));
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

/** Bad input becomes problems, so that the other checks' findings are told as well; outages are thrown. */
async function caught<T>(
  check: () => Promise<Check<T>>,
): Promise<Check<T> & { refusal: PermanentError | undefined }> {
  const nothing = { result: undefined, warnings: [], checked: 0 };
  try {
    return { ...(await check()), refusal: undefined };
  } catch (error) {
    if (error instanceof ConfigError)
      return { ...nothing, problems: [...error.problems], refusal: undefined };
    if (error instanceof PermanentError) return { ...nothing, problems: [], refusal: error };
    throw error;
  }
}

function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.where}\n${problem.what}`, problem])).values()];
}
