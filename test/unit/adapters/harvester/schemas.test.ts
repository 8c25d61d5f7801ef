import { describe, expect, it } from "vitest";
import { executionSchema, listSchema, toMs } from "../../../../src/adapters/harvester/schemas.ts";
import { fillPlaceholders, joinUrl } from "../../../../src/adapters/harvester/urls.ts";

describe("an instant of the harvester", () => {
  const noon = Date.parse("2026-11-22T12:00:00Z");
  it.each([
    [noon, noon],
    [String(noon), noon],
    ["2026-11-22T12:00:00Z", noon],
    ["2026-11-22T12:00:00.000+0000", noon],
    ["2026-11-22T13:00:00+01:00", noon],
    ["2026-11-22T12:00:00", noon],
    [[2026, 11, 22, 12, 0, 0, 0], noon],
    [[2026, 11, 22, 12], noon],
    ["some day", undefined],
    [null, undefined],
    [undefined, undefined],
  ])("%j", (value, ms) => expect(toMs(value)).toBe(ms));
});

describe("an execution", () => {
  it("of a job that never ran is none", () => {
    expect(executionSchema.parse({})).toBeUndefined();
  });

  it("sums its steps and leaves unknown fields alone", () => {
    expect(
      executionSchema.parse({
        id: 7,
        status: "FAILED",
        startTime: 1_000,
        exitStatus: { exitCode: "FAILED", exitDescription: "no archive", running: false },
        stepExecutions: [
          { stepName: "a", readCount: 2, writeCount: 1 },
          { readCount: 3 },
          { writeCount: null },
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

describe("the harvester's address", () => {
  it("is filled in and joined with one slash", () => {
    const prefix = fillPlaceholders("http://{service}.{namespace}.svc/{other}/", {
      service: "ingress",
      namespace: "prod-aaaaa",
    });
    expect(joinUrl(prefix, "/harvester/api/1/", "/data")).toBe(
      "http://ingress.prod-aaaaa.svc/{other}/harvester/api/1/data",
    );
  });
});
