import { describe, expect, it } from "vitest";
import type { HarvestExecution } from "../../../src/domain/harvest.ts";
import { oddityOf, reasonOf } from "../../../src/domain/job-ends.ts";
import { jobNames } from "../../../src/domain/job-names.ts";

type Step = HarvestExecution["steps"][number];

const step = (given: Partial<Step>): Step => ({
  ...{ name: "processArchive", exitCode: "COMPLETED", exitDescription: undefined },
  ...{ readCount: 0, writeCount: 0, filterCount: 0, skipCount: 0 },
  ...given,
});

const ended = (steps: Step[], exitDescription = ""): HarvestExecution => ({
  ...{ id: 1, status: "FAILED", startedAt: 1, endedAt: 2, exitCode: "FAILED", exitDescription, steps },
  readCount: steps.reduce((sum, { readCount }) => sum + readCount, 0),
  writeCount: steps.reduce((sum, { writeCount }) => sum + writeCount, 0),
});

const first = "org.springframework.batch.core.JobExecutionException: Flow execution ended unexpectedly";
const caused =
  "Caused by: org.springframework.batch.FlowException: Ended flow=x at state=unpack with exit status=FAILED";

describe("why a job did not end well", () => {
  it("is the step whose exit code says so, with its own words, then where the flow ended", () => {
    const steps = [
      step({ name: "fetch" }),
      step({ name: "unpack", exitCode: "FAILED", exitDescription: "no zip\nat x" }),
    ];
    expect(reasonOf(ended(steps, `${first}\n\tat a.b.C\n${caused}`), "http://a.example/x.zip")).toBe(
      "unpack FAILED: no zip; http://a.example/x.zip; Caused by: FlowException: Ended flow=x at state=unpack with exit status=FAILED",
    );
  });

  it("is never the first line, which is always the same", () => {
    expect(reasonOf(ended([], `${first}\n\tat a.b.C`))).toBe("");
    expect(reasonOf(ended([], `${first}\n${caused}`))).toContain("state=unpack");
    expect(reasonOf(ended([], "archive is gone\nmore"))).toBe("archive is gone");
    expect(reasonOf(undefined)).toBe("");
  });

  it("names what it reads once", () => {
    const steps = [step({ exitCode: "FAILED", exitDescription: "http://a.example/x.zip: 404" })];
    expect(reasonOf(ended(steps), "http://a.example/x.zip")).toBe(
      "processArchive FAILED: http://a.example/x.zip: 404",
    );
  });
});

describe("what is odd about a job that ended well", () => {
  it.each<[Partial<Step>, string | undefined]>([
    [{ readCount: 6_000, writeCount: 0 }, "read 6,000 records and wrote none"],
    [{ readCount: 0, skipCount: 6_000 }, "read 6,000 records and wrote none"],
    [{ readCount: 6_000, writeCount: 900, skipCount: 5_100 }, "skipped 5,100 of 6,000 records"],
    [{ readCount: 6_000, writeCount: 5_900, skipCount: 100 }, undefined],
    [{ readCount: 0 }, undefined],
  ])("%j is %s", (counts, said) => {
    expect(oddityOf(ended([step(counts)]))).toBe(said);
  });
});

describe("what a job reads", () => {
  const archivesOf = (document: object) => jobNames(Buffer.from(JSON.stringify(document))).archives;
  const lists = { jobLists: [] };

  it("is told by its own parameters, or by its resource; a login in it is not shown", () => {
    const resources = [{ identifier: "b", uri: "http://b.example/b.zip" }];
    const archives = archivesOf({
      ...lists,
      organisations: [{ resources }],
      jobConfigurations: [
        { identifier: "a", parameters: { "authority.uri": "http://me:secret@a.example/a.zip?key=1" } },
        { identifier: "b-job", parameters: { "resource.identifier": "b" } },
        { identifier: "constructor", parameters: { "resource.identifier": "none" } },
        { identifier: "null", parameters: null },
      ],
    });
    expect([...archives]).toEqual([
      ["a", "http://***@a.example/a.zip?***"],
      ["b-job", "http://b.example/b.zip"],
    ]);
  });
});
