import { describe, expect, it } from "vitest";
import type { Status } from "../../../src/operate/status.ts";
import { statusLines } from "../../../src/operate/status-lines.ts";

const now = Date.parse("2026-11-22T18:12:00Z");
const base: Status = {
  environment: "prod",
  live: { releases: ["prod-j8x91"], since: "2026-11-15T07:33:00Z", directUpdate: "helm upgrade …" },
  run: undefined,
  later: undefined,
  history: { runs: 6, live: 6, medianMs: 19.6 * 3_600_000 },
};
const run: NonNullable<Status["run"]> = {
  runId: "prod-20261122-1200",
  release: "prod-k3m7q",
  phase: "running",
  startedAt: "2026-11-22T12:00:00Z",
  finishedAt: undefined,
  reopened: undefined,
  failure: undefined,
  builder: "builder-29384756-x7k2p",
  expectedAt: "2026-11-23T07:43:00Z",
  commands: { follow: "kubectl logs -f -n builder-prod job/builder-29384756" },
  step: { name: "await-harvest", position: 5, of: 8, status: "running", since: undefined },
  harvest: {
    list: "1",
    ended: 41,
    jobs: 82,
    current: "Harvest FTEA all descriptions",
    currentSince: "2026-11-22T17:58:00Z",
    currentUsualMs: 17 * 60_000,
    records: 12_345,
    expectedAt: undefined,
    recent: undefined,
    slow: undefined,
  },
};

describe("the lines of status", () => {
  it("tell the live release first, then the run, how far it is, and how to follow it", () => {
    expect(statusLines({ ...base, run }, now)).toEqual([
      "live      prod-j8x91   since 15 Nov 07:33   direct update: helm upgrade …",
      "run       prod-20261122-1200 → prod-k3m7q   running 6h 12m, builder builder-29384756-x7k2p",
      "step      5 of 8  await-harvest  [██████████████░░░░░░░░░░░░░░]  41 of 82   expected Mon 07:43",
      "now       Harvest FTEA all descriptions   12,345 records   running 14m (usually 17m)",
      "follow    kubectl logs -f -n builder-prod job/builder-29384756",
      "last      6 of the last 6 runs went live; median 19h 36m",
    ]);
  });

  it("tell why a run failed, its details, and where more stands", () => {
    const details = Array.from({ length: 12 }, (_, index) => `job ${index + 1}`);
    const failure = {
      code: "HARVEST_JOBS_FAILED",
      message: "12 of 82 jobs",
      details,
      hint: "why:  kubectl logs",
    };
    const finishedAt = "2026-11-22T18:00:00Z";
    const failed = { ...run, phase: "failed", finishedAt, commands: {}, failure } as const;
    const lines = statusLines({ ...base, run: failed }, now);
    expect(lines).toContain("failed    12 of 82 jobs [HARVEST_JOBS_FAILED]");
    expect(lines).toContain("            job 10");
    expect(lines).not.toContain("            job 11");
    expect(lines).toContain("            … and 2 more");
    expect(lines).toContain("          why:  kubectl logs");
    expect(lines).toContain("          more: docs/errors.md#harvest_jobs_failed");
    expect(lines.some((line) => line.startsWith("now "))).toBe(false);
  });

  it("say how to approve a run that waits", () => {
    const waiting = {
      ...run,
      phase: "waiting-approval",
      commands: { approve: "kubectl create job approve-1" },
    } as const;
    expect(statusLines({ ...base, run: waiting }, now)).toContain("approve   kubectl create job approve-1");
  });

  it("say what can't be known", () => {
    const unknown = "Cloud DNS answered 503";
    const live = { releases: [], since: undefined, directUpdate: undefined, unknown };
    const history = { runs: 0, live: 0, medianMs: undefined };
    expect(
      statusLines({ environment: "prod", live, run: undefined, later: undefined, history }, now),
    ).toEqual(["live      unknown: Cloud DNS answered 503", "run       none yet"]);
  });
});

describe("a run that failed", () => {
  it("says how to go on, when it was opened again, and which run came later and installed nothing", () => {
    const failed: Status = {
      ...base,
      run: {
        ...{ ...run, phase: "failed", finishedAt: "2026-11-22T18:00:00Z", harvest: undefined },
        reopened: { at: "2026-11-22T17:00:00Z", by: "ada", reason: "photographs moved" },
        commands: { retry: "kubectl create job retry-2 --from=cronjob/builder-retry" },
      },
      later: {
        ...{ runId: "prod-20261122-1800", phase: "failed" },
        failure: { code: "PREFLIGHT", message: "configuration: 1 problem, nothing was touched" },
      },
    };
    const lines = statusLines(failed, now);
    expect(lines).toContain(
      "run       prod-20261122-1200 → prod-k3m7q   failed 1h, builder builder-29384756-x7k2p",
    );
    expect(lines).toContain(
      "reopened  22 Nov 17:00 by ada, accepting what had been rejected: photographs moved",
    );
    expect(lines).toContain("retry     kubectl create job retry-2 --from=cronjob/builder-retry");
    expect(lines).toContain("later     prod-20261122-1800   failed before it installed anything");
  });
});
