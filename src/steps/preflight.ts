/** Everything that can be found wrong before hours of work, all at once; then the inputs are pinned. */
import { lookAtImages } from "../actions/checks/images.ts";
import { type Findings, requireChecks } from "../actions/checks/index.ts";
import { shownUrl } from "../domain/shown-url.ts";
import { count } from "../domain/words.ts";
import type { Run } from "../pipeline/run.ts";
import { done, type Step } from "../pipeline/step.ts";

export const preflight: Step = {
  name: "preflight",
  summary: "Check everything that can be checked, and pin the inputs",
  refusals: "mistake",
  async run(run) {
    const { settings, state } = run;
    const findings = await requireChecks(run);
    report(run, findings);
    const documentSlot = await run.saveDocument(findings.data.bytes);
    const { chart, data, live, rendered, secretsSha256 } = findings;
    const { mappings, jobLists } = settings;
    await run.save({
      inputs: {
        chartSource: shownUrl(settings.chart.source),
        chartRef: settings.deployTag,
        chartCommit: chart.commit,
        chartVersion: chart.version,
        valuesDigest: chart.valuesDigest,
        secretsDigest: secretsSha256,
        dataUrl: shownUrl(settings.dataUrl),
        dataSha256: data.sha256,
      },
      documentSlot,
      images: await lookAtImages(run, live.releases, rendered),
      pinned: { mappings, jobLists },
      previous: live.releases.filter((name) => name !== state.release),
      dns: { before: live.records.filter(({ type }) => type === "A"), owners: live.owners },
    });
    return done(`${findings.checks} checks passed`);
  },
};

function report({ log, settings }: Run, { live, chart, data, capacity, warnings }: Findings): void {
  const ttls = live.records.map(({ ttlSeconds }) => ttlSeconds);
  const names = `${count(settings.mappings.length)} ${settings.mappings.length === 1 ? "name" : "names"}`;
  if (live.releases.length > 0)
    log.info({}, `live is ${live.releases.join(" and ")} (${names}, TTL ${Math.max(...ttls)}s)`);
  else log.info({}, `nothing of ${settings.environment} is live yet (${names})`);
  for (const { name, address } of live.foreign) {
    const what = `${name} points at ${address}, which belongs to no release of ${settings.environment}`;
    log.warn({ name, address }, `${what}; it will be replaced`);
  }
  log.info({}, `chart ${chart.name} ${chart.version} at ${shortCommit(chart.commit)}`);
  const file = shownUrl(settings.dataUrl).split("/").at(-1) ?? "";
  log.info({}, `${file} sha256 ${data.sha256.slice(0, 4)}…: ${data.summary}`);
  if (capacity.fits) log.info({}, capacity.text);
  for (const warning of warnings) log.warn({}, warning);
}

/** `4f2c9e1`, or `sha256:91c0…` of what is no commit. */
function shortCommit(commit: string): string {
  return commit.startsWith("sha256:") ? commit.slice(0, 15) : commit.slice(0, 7);
}
