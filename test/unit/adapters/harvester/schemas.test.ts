import { describe, expect, it } from "vitest";
import { executionSchema, listSchema } from "../../../../src/adapters/harvester/schemas.ts";

describe("an instant of the harvester", () => {
  const noon = Date.parse("2026-11-22T12:00:00Z");
  it.each([
    [noon, noon],
    ["2026-11-22T12:00:00Z", noon],
    ["2026-11-22T12:00:00.000+0000", noon],
    ["2026-11-22T13:00:00+01:00", noon],
    ["some day", undefined],
    [[2026, 11, 22, 12], undefined],
    [null, undefined],
    [undefined, undefined],
  ])("%j", (startTime, ms) => {
    expect(executionSchema.parse({ status: "STARTED", startTime })?.startedAt).toBe(ms);
  });
});

describe("an execution", () => {
  it("of a job that never ran is none, nor is one whose row is gone", () => {
    expect(executionSchema.parse({})).toBeUndefined();
    expect(executionSchema.parse(null)).toBeUndefined();
  });

  it.each([[undefined], [{ error: "Internal Server Error" }], [[]], ["Ok"]])("is not %j", (body) =>
    expect(executionSchema.safeParse(body).success).toBe(false),
  );

  it("keeps its steps, sums them and leaves unknown fields alone", () => {
    expect(
      executionSchema.parse({
        id: 7,
        status: "FAILED",
        startTime: 1_000,
        endTime: null,
        exitStatus: { exitCode: "FAILED", exitDescription: "no archive", running: false },
        stepExecutions: [
          {
            ...{ stepName: "processArchive", status: "COMPLETED", readCount: 2, writeCount: 1 },
            ...{ filterCount: 1, readSkipCount: 1, processSkipCount: 2, writeSkipCount: 3 },
            exitStatus: { exitCode: "FAILED", exitDescription: "404", running: false },
          },
          { stepName: "index", readCount: 3, writeCount: null, exitStatus: null },
        ],
        jobInstance: { id: 1 },
      }),
    ).toEqual({
      id: 7,
      status: "FAILED",
      startedAt: 1_000,
      endedAt: undefined,
      exitCode: "FAILED",
      exitDescription: "no archive",
      readCount: 5,
      writeCount: 1,
      steps: [
        {
          ...{ name: "processArchive", exitCode: "FAILED", exitDescription: "404" },
          ...{ readCount: 2, writeCount: 1, filterCount: 1, skipCount: 6 },
        },
        {
          ...{ name: "index", exitCode: undefined, exitDescription: undefined },
          ...{ readCount: 3, writeCount: 0, filterCount: 0, skipCount: 0 },
        },
      ],
    });
  });
});

describe("a list", () => {
  it("takes null for absent and an epoch for a date", () => {
    const list = listSchema.parse({
      ...{ id: 1, identifier: 1, description: null, nextRun: 1_000, status: null, extra: true },
      jobConfigurations: [{ id: 2, identifier: "a", jobStatus: null }],
    });
    expect(list).toMatchObject({
      identifier: "1",
      nextRun: "1000",
      status: undefined,
      currentJob: undefined,
    });
    expect(list.jobs[0]).toMatchObject({ id: 2, status: undefined, lastExecution: undefined });
  });
});
