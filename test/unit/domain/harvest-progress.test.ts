import { describe, expect, it } from "vitest";
import type { HarvestJob, HarvestList } from "../../../src/domain/harvest.ts";
import {
  addRecords,
  addTimings,
  badJobs,
  currentJob,
  endedWell,
  fingerprint,
  hasEnded,
  median,
  secondsLeft,
  slowAgainst,
  tally,
  wasStarted,
} from "../../../src/domain/harvest-progress.ts";
import type { JobResult } from "../../../src/domain/attachments.ts";

const job = (status?: string, exitCode?: string, identifier = "job"): HarvestJob => ({
  id: 1,
  identifier,
  description: "",
  jobName: "DarwinCoreArchiveHarvesting",
  status,
  exitCode,
  lastExecution: status === undefined ? undefined : 7,
});
const list = (jobs: HarvestJob[], more: Partial<HarvestList> = {}): HarvestList => ({
  id: 1,
  identifier: "1",
  description: "",
  status: "Running",
  nextRun: undefined,
  currentJob: 0,
  jobs,
  ...more,
});

describe("a job", () => {
  it.each([
    ["COMPLETED", "COMPLETED", true, true],
    ["COMPLETED", "NOT_MODIFIED", true, true],
    ["COMPLETED", "NOOP", true, true],
    ["COMPLETED", "FAILED", true, false],
    ["FAILED", "FAILED", true, false],
    ["STOPPED", "STOPPED", true, false],
    ["ABANDONED", "UNKNOWN", true, false],
    ["COMPLETED", "ERROR: 12", true, false],
    ["STARTED", "UNKNOWN", false, false],
    ["STARTED", "COMPLETED", false, false],
    ["STOPPING", "UNKNOWN", false, false],
    [undefined, undefined, false, false],
  ])("%s with exit code %s: ended %s, well %s", (status, exitCode, ended, well) => {
    expect(hasEnded(job(status, exitCode))).toBe(ended);
    expect(endedWell(job(status, exitCode))).toBe(well);
  });
});

describe("a list", () => {
  it("was started when it has a status, or a next run before it has one", () => {
    expect(wasStarted(list([], { status: undefined }))).toBe(false);
    expect(wasStarted(list([], { status: undefined, nextRun: "2026-11-22T12:00:00Z" }))).toBe(true);
    expect(wasStarted(list([]))).toBe(true);
  });

  it("has a fingerprint that changes with every movement, and with nothing else", () => {
    const jobs = [job("COMPLETED", "COMPLETED"), job("STARTED", "UNKNOWN")];
    const still = fingerprint(list(jobs), 100);
    expect(fingerprint(list(structuredClone(jobs)), 100)).toBe(still);
    const moves = [
      fingerprint(list(jobs), 101),
      fingerprint(list(jobs, { currentJob: 1 }), 100),
      fingerprint(list(jobs, { status: "Scheduled" }), 100),
      fingerprint(list([jobs[0]!, job("COMPLETED", "COMPLETED")]), 100),
      fingerprint(list([jobs[0]!, { ...jobs[1]!, lastExecution: 8 }]), 100),
    ];
    expect(new Set([still, ...moves]).size).toBe(moves.length + 1);
  });

  it("counts what did not end well, jobs that never ran included", () => {
    const mixed = list([
      job("COMPLETED", "COMPLETED"),
      job("COMPLETED", "NOT_MODIFIED"),
      job("FAILED", "FAILED"),
      job(),
    ]);
    expect(badJobs(mixed)).toHaveLength(2);
    expect(tally(mixed)).toBe("1 well, 1 not modified, 2 did not end well");
  });

  it("has no current job once it is over, nor where the index points at nothing", () => {
    expect(currentJob(list([job()], { status: "Completed" }))).toBeUndefined();
    expect(currentJob(list([job()], { currentJob: 5 }))).toBeUndefined();
    expect(currentJob(list([job()]))?.position).toBe(1);
  });
});

describe("what is left", () => {
  const jobs = [
    job("COMPLETED", "COMPLETED", "a"),
    job("STARTED", "UNKNOWN", "b"),
    job(undefined, undefined, "c"),
  ];

  it("is not known without an earlier run", () => {
    expect(secondsLeft(list(jobs), new Map(), 0)).toBeUndefined();
  });

  it("is the rest of the running job and all the later ones, by the median of earlier runs", () => {
    const timings = new Map([
      ["a", [10]],
      ["b", [100, 200, 300]],
      ["c", [50]],
    ]);
    expect(secondsLeft(list(jobs, { currentJob: 1 }), timings, 30)).toBe(170 + 50);
    expect(secondsLeft(list(jobs, { currentJob: 1 }), timings, 900)).toBe(50);
  });

  it("takes a usual time for a job that is new", () => {
    const timings = new Map([
      ["a", [10]],
      ["b", [30]],
    ]);
    expect(secondsLeft(list(jobs, { currentJob: 1 }), timings, 0)).toBe(30 + 20);
  });

  it("remembers five runs per job", () => {
    let known: ReturnType<typeof addTimings> = [];
    for (const seconds of [1, 2, 3, 4, 5, 6, 7])
      known = addTimings(new Map(known), [["a", seconds, seconds, 0, "COMPLETED"]]);
    expect(known).toEqual([["a", [3, 4, 5, 6, 7]]]);
    expect([median([]), median([3]), median([4, 1]), median([9, 1, 5])]).toEqual([undefined, 3, 2.5, 5]);
  });

  it("remembers the 2,000 jobs that take longest, and of one that ran twice its last execution", () => {
    const results = Array.from({ length: 2_500 }, (_, n): JobResult => [`job-${n}`, n, n, 0, "COMPLETED"]);
    const known = addTimings(new Map(), [...results, ["job-2000", 3_000, 5_000, 0, "COMPLETED"]]);
    expect(known).toHaveLength(2_000);
    expect(known[0]).toEqual(["job-2000", [5_000]]);
    expect(known.at(-1)).toEqual(["job-500", [500]]);
  });
});

describe("names of jobs", () => {
  const odd = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "prototype"];

  it("that objects have by themselves are names like any other", () => {
    const results = odd.map((name, index): JobResult => [name, index, 100 + index, index + 1, "COMPLETED"]);
    const timings = new Map(addTimings(new Map(), results));
    for (const [index, name] of odd.entries()) {
      expect(timings.get(name)).toEqual([100 + index]);
      expect(slowAgainst(timings, name, 1_000)).toBe(100 + index);
      expect(slowAgainst(new Map(), name, 1_000)).toBeUndefined();
    }
    expect(addRecords([], results).toSorted(([, one], [, other]) => one - other)).toEqual(
      odd.map((name, index) => [name, index + 1]),
    );
    const jobs = odd.map((name) => job(undefined, undefined, name));
    expect(secondsLeft(list(jobs), timings, 0)).toBe(odd.reduce((sum, _, index) => sum + 100 + index, 0));
    expect(secondsLeft(list(jobs), new Map(), 0)).toBeUndefined();
  });
});
