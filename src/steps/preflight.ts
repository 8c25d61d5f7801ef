/** Everything that can be found wrong before hours of work, all at once; then the inputs are pinned. */
import { brotliCompressSync, constants } from "node:zlib";
import type { Settings } from "../config/settings.ts";
import type { RunState } from "../domain/run-state.ts";
import { count } from "../domain/words.ts";
import { done, type Step, type StepContext } from "../pipeline/step.ts";
import type { Ports } from "../ports/index.ts";
import { dataAttachment } from "./load-data.ts";
import { lookAtImages } from "./preflight/images.ts";
import { type Findings, requireChecks } from "./preflight/checks.ts";

type Needs = Pick<Ports, "cluster" | "dns" | "releases" | "sources">;

export const preflight = (settings: Settings): Step<Needs, RunState> => ({
  name: "preflight",
  summary: "Check everything that can be checked, and pin the inputs",
  async run(ports, state, context) {
    const findings = await requireChecks(ports, settings, context);
    report(findings, settings, context);
    await context.attach(dataAttachment, compress(findings.data.bytes));
    const { chart, data, live, rendered, secretsSha256 } = findings;
    const images = await lookAtImages(ports, live.releases, rendered, context);
    const inputs: RunState["inputs"] = {
      chartSource: settings.chart.shownSource,
      chartRef: settings.deployTag,
      chartCommit: chart.commit,
      chartVersion: chart.version,
      valuesDigest: chart.valuesDigest,
      secretsDigest: secretsSha256,
      dataUrl: settings.shownDataUrl,
      dataSha256: data.sha256,
    };
    const previous = live.releases.filter((name) => name !== state.release);
    const before = live.records.filter(({ type }) => type === "A");
    const { mappings, jobLists } = settings;
    const pinned = { mappings, jobLists };
    return done(`${findings.checks} checks passed`, { inputs, images, pinned, previous, dns: { before } });
  },
});

/** The document is kept as it was fetched; quality 9 takes a second for 10,000 jobs. */
function compress(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
}

/** One line per fact that an operator would ask for. */
function report(
  { live, chart, data, capacity, warnings }: Findings,
  settings: Settings,
  { log }: StepContext<RunState>,
): void {
  const ttls = live.records.map(({ ttlSeconds }) => ttlSeconds);
  const names = `${count(settings.mappings.length)} ${settings.mappings.length === 1 ? "name" : "names"}`;
  if (live.releases.length > 0)
    log.info({}, `live is ${live.releases.join(" and ")} (${names}, TTL ${Math.max(...ttls)}s)`);
  else log.info({}, `nothing of ${settings.environment} is live yet (${names})`);
  for (const { name, address } of live.strangers) {
    log.warn(
      { name, address },
      `${name} points at ${address}, which is no release of ${settings.environment}; it will be replaced`,
    );
  }
  log.info({}, `chart ${chart.name} ${chart.version} at ${shortCommit(chart.commit)}`);
  log.info(
    {},
    `${settings.shownDataUrl.split("/").at(-1) ?? ""} sha256 ${data.sha256.slice(0, 4)}…: ${data.summary}`,
  );
  if (capacity.fits) log.info({}, capacity.text);
  for (const warning of warnings) log.warn({}, warning);
}

function shortCommit(commit: string): string {
  return commit.startsWith("sha256:") ? commit.slice(0, 15) : commit.slice(0, 7);
}
