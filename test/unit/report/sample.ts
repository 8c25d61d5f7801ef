/** Reports of runs as real ones leave them: 82 jobs of a night, and what is odd in them. */
import { kindLines, lossLines } from "../../../src/domain/gate.ts";
import { jobNames } from "../../../src/domain/job-names.ts";
import { pastRunOf } from "../../../src/domain/past-run.ts";
import { type Report, reportOf } from "../../../src/domain/report.ts";
import type { JobResult, PastRun } from "../../../src/domain/attachments.ts";
import type { RunState, StepRecord } from "../../../src/domain/run.ts";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";

const begun = Date.UTC(2026, 10, 22, 12);
const at = (seconds: number) => new Date(begun + seconds * 1000).toISOString();
const document = generateDataConfiguration();
const listed = document.jobConfigurations.slice(0, 82);
const names = jobNames(Buffer.from(JSON.stringify(document)));

interface Night {
  /** Those that did not end well, by their place from 0. */
  bad?: readonly number[];
  /** Held against the usual night. */
  share?: { seconds: number; records: (index: number) => number };
}

/** One after the other from 193 s on. */
function results({ bad = [], share = { seconds: 1, records: () => 1 } }: Night = {}): JobResult[] {
  let from = 193;
  return listed.map(({ identifier }, index): JobResult => {
    const wave = Math.sin(index * 12.9898) * 43758.5453;
    const luck = wave - Math.floor(wave);
    const usual = Math.round(60 + luck ** 4 * 9_000);
    const seconds = Math.round(usual * share.seconds);
    const records = Math.round(usual * (40 + luck * 200) * share.records(index));
    const code = bad.includes(index) ? "FAILED" : index === 7 ? "NOT_MODIFIED" : "COMPLETED";
    const startedAt = begun / 1000 + from;
    from += seconds + 5;
    return [identifier, index + 1, seconds, bad.includes(index) ? 0 : records, code, startedAt];
  });
}

const nightly = results();
const [, , lastSeconds, , , lastStart = 0] = nightly.at(-1)!;
/** When the harvest was over, in seconds since the run began. */
const end = lastStart - begun / 1000 + lastSeconds;

/** The week before: a little quicker, every ninth job new since, and one that brought far more. */
const weekBefore: PastRun = pastRunOf(
  { ...goodRun(), runId: "prod-20261115-1200" },
  results({ share: { seconds: 0.9, records: (index) => (index === 12 ? 1.4 : 0.998) } }).filter(
    (_, index) => index % 9 !== 4,
  ),
  names,
);

/** The report of a run, at a moment in seconds since it began. */
function report(run: RunState, jobs: readonly JobResult[], seconds: number): Report {
  return reportOf(pastRunOf(run, jobs, names), [weekBefore], begun + seconds * 1000);
}

/** The comparison of a site with so many illustrated taxa. */
function counts(illustrated: number): NonNullable<RunState["gate"]> {
  return {
    results: 1_423_456,
    liveResults: 1_421_990,
    least: 1_279_791,
    kinds: [
      { kind: "accepted", found: 427_036, live: 426_597, least: 383_938 },
      { kind: "images", found: illustrated, live: 170_815, least: 153_734 },
      { kind: "families", found: 455, live: 455, least: 410 },
      { kind: "genera", found: 14_235, live: 14_220, least: 12_798 },
      { kind: "species", found: 370_098, live: 369_717, least: 332_746 },
      { kind: "infraspecies", found: 71_172, live: 71_099, least: 63_990 },
    ],
    losses: [
      { source: "Kew Science Photographs", records: 0, before: 61_882 },
      { source: "The Kew Temperate Plant Families Identification Handbook", records: 812, before: 1_004 },
    ],
  };
}

function images(): NonNullable<RunState["images"]> {
  const registry = "europe-docker.pkg.dev/powo-infrastructure/images";
  const same = ["db", "geodb", "geoserver", "solr", "ingress"].map((name) => ({
    container: `${name}/${name}`,
    from: `${registry}/${name}:2026.31`,
    to: `${registry}/${name}:2026.31`,
  }));
  return [
    ...same,
    { container: "portal/portal", from: `${registry}/portal:7c1f`, to: `${registry}/portal:9aa0` },
    { container: "portal/wait-for-db", to: `${registry}/wait@sha256:${"ab12".repeat(16)}` },
  ];
}

function goodRun(): RunState {
  const step = (name: string, from: number, to: number, output?: string): StepRecord => ({
    ...{ name, status: "done", attempts: name === "await-harvest" ? 2 : 1 },
    ...{ startedAt: at(from), finishedAt: at(to), ...(output !== undefined && { output }) },
  });
  const mappings = ["prod", "colplanta.prod", "colfungi.prod"].map((name) => ({
    ...{ zone: "site", name: `${name}.plantsoftheworld.online.`, service: "ingress" },
  }));
  return {
    schemaVersion: 2,
    runId: "prod-20261122-1200",
    environment: "prod",
    release: "prod-k3m7q",
    phase: "succeeded",
    startedAt: at(0),
    finishedAt: at(end + 680),
    builders: [
      { name: "builder-1", since: at(0) },
      { name: "builder-2", since: at(5_000) },
    ],
    previous: ["prod-j8x91"],
    steps: [
      step("preflight", 0, 4, "12 checks passed"),
      step("install-release", 4, 39),
      step("wait-for-pods", 39, 190, "ingress 203.0.113.17, ingress-colplanta 203.0.113.18"),
      step("load-data", 190, 192, "imported 48 organisations, 83 jobs, 1 list"),
      step("await-harvest", 192, end, "81 well, 1 not modified"),
      step(
        "verify-release",
        end,
        end + 7,
        "1,423,456 results (live: 1,421,990, +0.1 %); 3 of 3 names answer",
      ),
      step("swap-dns", end + 7, end + 614, "all names point at prod-k3m7q"),
      step("delete-old-release", end + 614, end + 680),
    ],
    inputs: {
      ...{ chartVersion: "0.1.0", chartCommit: "4f2c9e1".repeat(6).slice(0, 40) },
      ...{ chartSource: "https://github.com/RBGKew/powo-infrastructure", chartRef: "master" },
      ...{ valuesDigest: "5".repeat(64), secretsDigest: "2".repeat(64) },
      ...{ dataUrl: "https://storage.example.org/powo/data-prod.json", dataSha256: "91c0".repeat(16) },
    },
    gate: {
      ...counts(85_607),
      accepted: {
        reason: "photographs are shown by the collections portal now",
        by: "accept-ada",
        at: at(0),
        what: ["85,607 taxa with images, live has 170,815, at least 153,734 are wanted"],
      },
    },
    images: images(),
    approval: { askedAt: at(end + 8), by: "ada", at: at(end + 9) },
    pinned: { mappings, jobLists: ["1"] },
    dns: {
      ...{ startedAt: at(end + 10), swappedAt: at(end + 14), oldTtlSeconds: 300 },
      before: mappings.map(({ zone, name }, index) => ({
        ...{ zone, name, type: "A", ttlSeconds: 300, rrdatas: [`203.0.113.${9 + index}`] },
      })),
      written: mappings.map(({ name }, index) => ({ name, addresses: [`203.0.113.${17 + index}`] })),
    },
    harvest: [
      {
        ...{ name: "1", startedAt: at(193), endedAt: at(end), jobs: 82, ended: 82, badCount: 0 },
        slow: [{ identifier: listed[11]!.identifier, usualSeconds: 300 }],
      },
    ],
  };
}

/** A good run that came as far as a step, which did not end well or is under way. */
function runTo(name: string, status: "failed" | "running"): RunState {
  const good = goodRun();
  const reached = good.steps.findIndex((step) => step.name === name);
  return {
    ...good,
    ...{ gate: undefined, approval: undefined, finishedAt: undefined },
    dns: { before: good.dns!.before },
    steps: good.steps.map(({ output, finishedAt, ...step }, index): StepRecord => {
      if (index > reached) return { name: step.name, status: "pending", attempts: 0 };
      if (index === reached)
        return { ...step, status, ...(status === "failed" && { finishedAt: finishedAt! }) };
      return { ...step, finishedAt: finishedAt!, ...(output !== undefined && { output }) };
    }),
  };
}

export function goodReport(): Report {
  return report(goodRun(), nightly, end + 680);
}

/** A run whose harvest went well, and whose site lacks half of the images. */
export function rejectedReport(): Report {
  const gate = counts(85_607);
  const failure = {
    step: "verify-release",
    code: "GATE_COUNTS",
    message: "the new site finds 85,607 taxa with images, live has 170,815, at least 153,734 are wanted",
    details: [...kindLines(gate), ...lossLines(gate)],
    hint: "look:  kubectl logs -n prod-k3m7q deploy/harvester; if it is right as it is, start again and say why",
  };
  const rejected = runTo("verify-release", "failed");
  return report({ ...rejected, phase: "failed", finishedAt: at(end + 7), gate, failure }, nightly, end + 7);
}

/** Job 31 failed and took the index with it. */
export function failedReport(): Report {
  const failed = runTo("await-harvest", "failed");
  const reason = "FileNotFoundException: http://archives.example/fz.zip (404 Not Found), asked 3 times";
  const bad = [30, 81].map((index) => ({
    ...{ position: index + 1, identifier: listed[index]!.identifier, exitCode: "FAILED" },
    description: listed[index]!.description,
    ...(index === 30 && { reason }),
  }));
  const failure = {
    step: "await-harvest",
    code: "HARVEST_JOBS_FAILED",
    message: "2 of 82 jobs did not end well",
    details: [`  31  ${bad[0]!.description}  FAILED  ${reason}`, `  82  ${bad[1]!.description}  FAILED`],
    hint: "why:  kubectl logs -n prod-k3m7q deploy/harvester",
  };
  const harvest = failed.harvest!.map((list) => ({ ...list, bad, badCount: 2 }));
  return report(
    { ...failed, phase: "failed", finishedAt: at(end), harvest, failure },
    results({ bad: [30, 81] }),
    end,
  );
}

/** In the middle of its harvest, job 41. */
export function runningReport(): Report {
  const told = nightly.slice(0, 41);
  const [, , seconds, , , startedAt = 0] = told.at(-1)!;
  const now = startedAt - begun / 1000 + seconds + 60;
  const running = runTo("await-harvest", "running");
  const harvest = running.harvest!.map((list) => ({
    ...list,
    ...{ ended: 41, endedAt: undefined, badCount: undefined, expectedAt: at(now + 30_000) },
  }));
  return report({ ...running, phase: "running", harvest }, told, now);
}

/** As a live page shows a run of 10,000 jobs. */
export function largeReport(): Report {
  const { identifier } = listed[0]!;
  const jobs = Array.from({ length: 10_000 }, (_, index): JobResult => {
    const code = index % 9 === 0 ? "FAILED" : "COMPLETED";
    return [
      `${identifier}-${index}`,
      index,
      10 + (index % 97),
      1_000 + index,
      code,
      begun / 1000 + index * 10,
    ];
  });
  const slow = jobs
    .filter((_, index) => index % 5 === 0)
    .map(([job]) => ({ identifier: job, usualSeconds: 3 }));
  const run = runTo("await-harvest", "running");
  const harvest = run.harvest!.map((list) => ({ ...list, jobs: jobs.length, ended: 9_999, slow }));
  return reportOf(pastRunOf({ ...run, harvest }, jobs, names, 100), [weekBefore], begun + 100_000_000);
}
