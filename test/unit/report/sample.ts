/** Reports as real runs leave them: 82 jobs of a night, and what is odd in them. */
import { kindLines, lossLines } from "../../../src/domain/gate.ts";
import type { Report, ReportJob } from "../../../src/domain/report.ts";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";

const begun = Date.UTC(2026, 10, 22, 12);
const at = (seconds: number) => new Date(begun + seconds * 1000).toISOString();

/** One after the other from 192 s on; number 31 failed and took the index with it. */
function jobs(failing: boolean): ReportJob[] {
  let from = 193;
  return generateDataConfiguration()
    .jobConfigurations.slice(0, 82)
    .map(({ identifier, description }, index) => {
      const wave = Math.sin(index * 12.9898) * 43758.5453;
      const luck = wave - Math.floor(wave);
      const seconds = Math.round(60 + luck ** 4 * 9_000);
      const records = Math.round(seconds * (40 + luck * 200));
      const bad = failing && (index === 30 || index === 81);
      const job: ReportJob = {
        position: index + 1,
        id: identifier,
        name: description,
        exitCode: bad ? "FAILED" : index === 7 ? "NOT_MODIFIED" : "COMPLETED",
        seconds,
        records: bad ? 0 : records,
        from,
        ...(index % 9 === 4
          ? {}
          : {
              before: {
                seconds: Math.round(seconds * 0.9),
                records: Math.round(records * (index === 12 ? 1.4 : 0.998)),
              },
            }),
      };
      from += seconds + 5;
      return job;
    });
}

/** The comparison of a site with so many illustrated taxa. */
function counts(illustrated: number): NonNullable<Report["gate"]> {
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

function images(): NonNullable<Report["images"]> {
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

/** A run whose harvest went well, and whose site lacks half of the images. */
export function rejectedReport(): Report {
  const good = goodReport();
  const verified = good.steps.findIndex(({ name }) => name === "verify-release");
  const gate = counts(85_607);
  return {
    ...good,
    phase: "failed",
    gate,
    approval: undefined,
    steps: good.steps.map((step, index) => {
      if (index < verified) return step;
      if (index === verified) return { ...step, status: "failed", output: undefined };
      return { name: step.name, status: "pending", attempts: 0 };
    }),
    failure: {
      step: "verify-release",
      code: "GATE_COUNTS",
      message: "the new site finds 85,607 taxa with images, live has 170,815, at least 153,734 are wanted",
      details: [...kindLines(gate), ...lossLines(gate)],
      hint: "look:  kubectl logs -n prod-k3m7q deploy/harvester; if it is right as it is, start again and say why",
    },
    dns: { names: good.dns.names },
  };
}

export function goodReport(): Report {
  const told = jobs(false);
  const last = told.at(-1)!;
  const end = last.from! + last.seconds;
  const step = (name: string, from: number, to: number, output?: string) => ({
    name,
    status: "done",
    attempts: name === "await-harvest" ? 2 : 1,
    startedAt: at(from),
    finishedAt: at(to),
    ...(output ? { output } : {}),
  });
  return {
    schemaVersion: 1,
    runId: "prod-20261122-1200",
    environment: "prod",
    release: "prod-k3m7q",
    phase: "succeeded",
    startedAt: at(0),
    finishedAt: at(end + 680),
    asOf: at(end + 680),
    builders: 2,
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
    inputs: [
      ["Chart", `0.1.0 at ${"4f2c9e1".repeat(6).slice(0, 40)}`],
      ["Chart source", "https://github.com/RBGKew/powo-infrastructure master"],
      ["Values", "5".repeat(64)],
      ["Secrets", "2".repeat(64)],
      ["Data", "https://storage.example.org/powo/data-prod.json"],
      ["Data sha256", "91c0".repeat(16)],
    ],
    gate: {
      ...counts(85_607),
      accepted: {
        of: "prod-20261115-1200",
        reason: "photographs are shown by the collections portal now",
        by: "accept-ada",
        at: at(0),
        what: ["85,607 taxa with images, live has 170,815, at least 153,734 are wanted"],
      },
    },
    images: images(),
    approval: { askedAt: at(end + 8), by: "ada", at: at(end + 9) },
    dns: {
      swappedAt: at(end + 14),
      names: ["prod", "colplanta.prod", "colfungi.prod"].map((name, index) => ({
        name: `${name}.plantsoftheworld.online.`,
        before: `203.0.113.${9 + index}`,
        after: `203.0.113.${17 + index}`,
        ttlSeconds: 300,
      })),
    },
    lists: [
      {
        ...{ name: "1", startedAt: at(193), endedAt: at(end), jobs: 82, ended: 82, bad: 0 },
        slow: [{ name: told[11]!.name, seconds: told[11]!.seconds, usualSeconds: 300 }],
      },
    ],
    failed: [],
    jobs: told,
    totals: {
      jobs: 82,
      records: told.reduce((sum, { records }) => sum + records, 0),
      seconds: told.reduce((sum, { seconds }) => sum + seconds, 0),
    },
  };
}

export function failedReport(): Report {
  const good = goodReport();
  const told = jobs(true);
  const reason = "FileNotFoundException: http://archives.example/fz.zip (404 Not Found), asked 3 times";
  return {
    ...good,
    phase: "failed",
    gate: undefined,
    approval: undefined,
    steps: good.steps.map((step, index) =>
      index === 4
        ? { ...step, status: "failed", output: undefined }
        : index > 4
          ? { name: step.name, status: "pending", attempts: 0 }
          : step,
    ),
    failure: {
      step: "await-harvest",
      code: "HARVEST_JOBS_FAILED",
      message: "2 of 82 jobs did not end well",
      details: [`  31  ${told[30]!.name}  FAILED  ${reason}`, `  82  ${told[81]!.name}  FAILED`],
      hint: "why:  kubectl logs -n prod-k3m7q deploy/harvester",
    },
    dns: { names: good.dns.names },
    lists: good.lists.map((list) => ({ ...list, bad: 2 })),
    failed: [30, 81].map((index) => ({
      position: index + 1,
      name: told[index]!.name,
      exitCode: "FAILED",
      ...(index === 30 ? { reason } : {}),
    })),
    jobs: told,
  };
}

/** In the middle of its harvest, job 41. */
export function runningReport(): Report {
  const good = goodReport();
  const told = good.jobs.slice(0, 41);
  const last = told.at(-1)!;
  const now = last.from! + last.seconds + 60;
  return {
    ...good,
    phase: "running",
    finishedAt: undefined,
    asOf: at(now),
    gate: undefined,
    approval: undefined,
    dns: { names: good.dns.names },
    steps: good.steps.map((step, index) =>
      index === 4
        ? { ...step, status: "running", finishedAt: undefined, output: undefined }
        : index > 4
          ? { name: step.name, status: "pending", attempts: 0 }
          : step,
    ),
    lists: good.lists.map((list) => ({
      ...list,
      endedAt: undefined,
      ended: 41,
      expectedAt: at(now + 30_000),
    })),
    jobs: told,
    totals: { jobs: 41, records: 9_000_000, seconds: 40_000 },
  };
}
