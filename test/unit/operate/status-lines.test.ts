import { describe, expect, it } from "vitest";
import { runSchema } from "../../../src/domain/run.ts";
import type { Status } from "../../../src/operate/status.ts";
import { statusLines } from "../../../src/operate/status-lines.ts";

const now = Date.parse("2026-11-22T18:12:00Z");
const phases = runSchema.shape.phase.options;
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
  waits: undefined,
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

  it.each(["the run fails", "it goes live by itself"])(
    "say until when a run waits for approval, and that then %s, in words, and how to approve",
    (then) => {
      const waiting = {
        ...run,
        phase: "waiting-approval",
        expectedAt: undefined,
        waits: { approval: "2026-11-25T12:00:00Z", then },
        commands: { approve: "kubectl create job approve-1" },
      } as const;
      const lines = statusLines({ ...base, run: waiting }, now);
      expect(lines).toContain("approve   kubectl create job approve-1");
      expect(lines).toContain(`waits     for approval until 25 Nov 12:00 UTC, then ${then}`);
      expect(lines[1]).toMatch(/ {3}waiting for approval after 6h 12m, builder/);
    },
  );

  it("say until when resolvers are waited for, and the new site is watched", () => {
    const waits = { drain: "2026-11-22T18:20:00Z", watch: "2026-11-22T18:25:00Z" };
    const lines = statusLines({ ...base, run: { ...run, waits } }, now);
    const at = lines.indexOf("waits     until Sun 18:20 UTC for resolvers to forget the old addresses");
    expect(lines[at + 1]).toBe("          until Sun 18:25 UTC, or longer, to see that the new site answers");
  });

  it.each(phases)("name the phase %s as a person does", (phase) => {
    expect(statusLines({ ...base, run: { ...run, phase } }, now)[1]).not.toMatch(/waiting-approval|rolled-/);
  });

  it("name ten slow jobs, and how many more there are", () => {
    const slow = Array.from({ length: 2_000 }, (_, index) => ({
      ...{ job: `job ${index}`, usualMs: 60_000, running: false },
    }));
    const [line = ""] = statusLines(
      { ...base, run: { ...run, harvest: { ...run.harvest!, slow } } },
      now,
    ).filter((text) => text.startsWith("slow"));
    expect(line).toMatch(/job 9 \(usually 1m\), … and 1,990 more$/);
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
      "run       prod-20261122-1200 → prod-k3m7q   failed after 1h, builder builder-29384756-x7k2p",
    );
    expect(lines).toContain(
      "reopened  22 Nov 17:00 by ada, accepting what had been rejected: photographs moved",
    );
    expect(lines).toContain("retry     kubectl create job retry-2 --from=cronjob/builder-retry");
    expect(lines).toContain("later     prod-20261122-1800   failed before it installed anything");
  });
});
