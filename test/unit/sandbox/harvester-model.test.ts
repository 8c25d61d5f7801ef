import { describe, expect, it } from "vitest";
import { firstJob, harvesterWith, secondJob, small } from "./harvester-bench.ts";

describe("a job list", () => {
  it("has neither status nor nextRun before it was ever run", () => {
    const { list } = harvesterWith(small);
    expect(list()).not.toHaveProperty("status");
    expect(list()).not.toHaveProperty("nextRun");
    expect(list().jobConfigurations[0]).not.toHaveProperty("jobStatus");
  });

  it("goes from no status over Scheduled and Running to Completed, job by job", () => {
    const { model, list, later } = harvesterWith(small);
    model.runList("1");
    expect(list()).not.toHaveProperty("status");
    expect(list()).toHaveProperty("nextRun");
    const seen: string[] = [];
    for (let second = 0; second < 400; second += 1) {
      later(1);
      const state = `${list().status ?? "none"} ${list().currentJob}`;
      if (seen.at(-1) !== state) seen.push(state);
    }
    expect(seen).toEqual([
      ...["none 0", "Running 0", "Scheduled 1", "Running 1", "Scheduled 2", "Running 2"],
      "Completed 2",
    ]);
    expect(list().hasNextJob).toBe(false);
    expect(model.starts).toBe(1);
  });

  it("shows the same after one jump of the clock as after many small ones", () => {
    const [jump, steps] = [harvesterWith(small), harvesterWith(small)];
    jump.model.runList("1");
    steps.model.runList("1");
    jump.later(250);
    for (let second = 0; second < 250; second += 1) {
      steps.later(1);
      steps.model.tick();
    }
    expect(jump.list()).toEqual(steps.list());
    expect(jump.model.effects).toEqual(steps.model.effects);
  });

  it("says UNKNOWN as the exit code of a job that still runs", () => {
    const { model, list, later } = harvesterWith(small);
    model.runList("1");
    later(20);
    expect(list().jobConfigurations[0]).toMatchObject({ jobStatus: "STARTED", jobExitCode: "UNKNOWN" });
    later(100);
    expect(list().jobConfigurations[0]).toMatchObject({ jobStatus: "COMPLETED", jobExitCode: "COMPLETED" });
  });

  it("is not stopped by a failed job, and ends as Completed", () => {
    const { model, list, execution, later } = harvesterWith(small);
    model.outcomes.set(firstJob, { exitCode: "FAILED", description: "archive is gone" });
    model.outcomes.set(secondJob, { exitCode: "NOT_MODIFIED" });
    model.runList("1");
    later(1_000);
    expect(list().status).toBe("Completed");
    expect(list().jobConfigurations.map((job) => `${job.jobStatus} ${job.jobExitCode}`)).toEqual([
      "FAILED FAILED",
      "COMPLETED NOT_MODIFIED",
      "COMPLETED COMPLETED",
    ]);
    const { exitStatus, stepExecutions } = execution(firstJob);
    expect(exitStatus.exitDescription.split("\n")[0]).toContain("Flow execution ended unexpectedly");
    expect(exitStatus.exitDescription).toMatch(
      /^Caused by: .*state=processArchive with exit status=FAILED$/m,
    );
    expect(stepExecutions[0]).toMatchObject({
      status: "COMPLETED",
      exitStatus: { exitCode: "FAILED", exitDescription: "archive is gone" },
    });
  });

  it("starts over when it is run again, with a second job beside the first", () => {
    const { model, list, later } = harvesterWith(small);
    model.runList("1");
    later(150);
    expect(list().currentJob).toBe(1);
    model.runList("1");
    expect(list()).toMatchObject({ currentJob: 0 });
    expect(list()).not.toHaveProperty("status");
    later(20);
    const running = list().jobConfigurations.filter((job) => job.jobStatus === "STARTED");
    expect(running).toHaveLength(2);
    later(1_000);
    expect(model.starts).toBe(2);
    expect(model.effects.filter((effect) => effect.kind === "job-started").length).toBeGreaterThan(3);
  });

  it("is an empty 200 when it doesn't exist, and a 500 to run", () => {
    const { model } = harvesterWith(small);
    expect(model.list("2")).toEqual({ status: 200 });
    expect(model.runList("2").status).toBe(500);
  });
});

describe("executions", () => {
  it("are empty for a job that never ran, and count more records as time goes by", () => {
    const { model, execution, later } = harvesterWith(small);
    expect(execution(firstJob)).toEqual({});
    expect(model.execution(99).status).toBe(500);
    model.runList("1");
    const counts = [20, 30, 30].map((seconds) => {
      later(seconds);
      return execution(firstJob).stepExecutions[0]?.readCount ?? -1;
    });
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.every((records) => records % 100 === 0)).toBe(true);
    later(100);
    expect(execution(firstJob)).toMatchObject({ status: "COMPLETED", endTime: expect.any(Number) });
  });

  it("of a single run count as a new attempt and don't move the list", () => {
    const { model, list, later } = harvesterWith(small);
    model.outcomes.set(firstJob, { exitCode: "FAILED" });
    model.runList("1");
    later(1_000);
    const before = list();
    model.outcomes.delete(firstJob);
    model.runJob(model.idOf(firstJob));
    expect(list().jobConfigurations[0]).toEqual(before.jobConfigurations[0]);
    later(1);
    expect(list().jobConfigurations[0]?.jobExitCode).toBe("UNKNOWN");
    later(1_000);
    expect(list()).toMatchObject({ status: "Completed", currentJob: before.currentJob });
    expect(list().jobConfigurations[0]).toMatchObject({ jobExitCode: "COMPLETED", lastJobExecution: 4 });
    expect(model.jobRuns).toBe(1);
  });

  it("stay STARTED for ever when the pod dies, and the list stays Running", () => {
    const { model, list, execution, later } = harvesterWith(small);
    model.runList("1");
    later(60);
    model.killPod({ downMs: 30_000 });
    expect(model.isUp).toBe(false);
    const before = execution(firstJob);
    later(1_000_000);
    expect(model.isUp).toBe(true);
    expect(execution(firstJob)).toEqual(before);
    expect(before.status).toBe("STARTED");
    expect(list()).toMatchObject({ status: "Running", currentJob: 0 });
    model.runList("1");
    later(1_000);
    expect(list().status).toBe("Completed");
  });
});

describe("a database that is away", () => {
  it("takes the thread of a job whose step ends meanwhile, without any restart", () => {
    const { model, list, later } = harvesterWith(small);
    model.runList("1");
    later(100);
    model.loseConnection(20_000);
    expect(model.isDatabaseAway).toBe(true);
    later(100_000);
    expect(model.isDatabaseAway).toBe(false);
    expect(list()).toMatchObject({ status: "Running", currentJob: 0 });
    expect(list().jobConfigurations[0]).toMatchObject({ jobStatus: "STARTED", jobExitCode: "UNKNOWN" });
  });

  it("fails a job in the middle of a step, and the list goes on", () => {
    const { model, list, later } = harvesterWith(small);
    model.runList("1");
    later(50);
    model.loseConnection(20_000);
    later(1_000);
    expect(list().status).toBe("Completed");
    expect(list().jobConfigurations.map(({ jobExitCode }) => jobExitCode)).toEqual([
      "FAILED",
      "COMPLETED",
      "COMPLETED",
    ]);
  });
});

describe("the end of a list", () => {
  it("is told a moment before its last job has ended, and takes its nextRun away", () => {
    const { model, list, clock } = harvesterWith(small, { completedAheadMs: 100 });
    model.runList("1");
    const before = list().nextRun;
    for (let ms = 0; list().status !== "Completed"; ms += 50) {
      expect(list().nextRun).toBe(before);
      clock.ms += 50;
      expect(ms).toBeLessThan(1_000_000);
    }
    expect(list()).not.toHaveProperty("nextRun");
    expect(list().jobConfigurations[2]).toMatchObject({ jobStatus: "STARTED", jobExitCode: "UNKNOWN" });
    clock.ms += 100;
    expect(list().jobConfigurations[2]).toMatchObject({ jobStatus: "COMPLETED" });
  });
});

describe("a site's size", () => {
  it("grows with the harvest up to about 1.4 million taxa", () => {
    const { model, later } = harvesterWith(small);
    const totals = [model.totalTaxa()];
    model.runList("1");
    for (let step = 0; step < 8; step += 1) {
      later(50);
      totals.push(model.totalTaxa());
    }
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
    expect(totals[0]).toBe(0);
    expect(totals.at(-1)).toBe(1_423_456);
    model.taxaFactor = 0.5;
    expect(model.totalTaxa()).toBe(711_728);
  });

  it("is nothing once the database is lost, while the log of effects remains", () => {
    const { model, later } = harvesterWith(small);
    model.runList("1");
    later(1_000);
    model.loseDatabase();
    expect(model.totalTaxa()).toBe(0);
    expect(model.list("1")).toEqual({ status: 200 });
    expect(model.importData(small)?.status).toBe(201);
    expect(model.imports).toBe(2);
    expect(model.starts).toBe(1);
  });

  it("is there at once for a release that was harvested long ago, without an effect", () => {
    const { model, list } = harvesterWith(undefined);
    model.harvestAtOnce(small);
    expect(model.totalTaxa()).toBe(1_423_456);
    expect(list().status).toBe("Completed");
    expect(model.effects).toEqual([]);
  });
});
