/** The state of version 1.0, as that program left it, is read. */
import { describe, expect, it } from "vitest";
import type { ReadState } from "../../../src/pipeline/state.ts";
import { createFakeWorld } from "../../fakes/world.ts";
import { plant, read, sampleOf, type Sample } from "./version-1.ts";

async function readSample(sample: Sample): Promise<ReadState> {
  const fake = createFakeWorld();
  plant(fake, sample);
  return read(fake);
}

describe("a state of version 1.0", () => {
  it("in mid-harvest is read with its list, its executions, and what earlier runs took and brought", async () => {
    const sample = sampleOf("mid-harvest");
    const { run, history, attachments } = await readSample(sample);
    const gone = { known: undefined, addresses: undefined, reinstall: undefined };
    const harvest = [{ name: "1", ...sample.run.harvest["1"] }];
    expect(run).toEqual({ ...sample.run, ...gone, schemaVersion: 2, harvest });
    expect(attachments.jobs).toHaveLength(2);
    const [first] = attachments.jobs;
    const [key, result] = Object.entries(sample.attachments["jobs"] as Record<string, unknown[]>)[0]!;
    expect(first).toEqual([key.replace("#1", ""), 1, ...result]);
    expect(Object.fromEntries(attachments.timings)).toEqual(sample.attachments["timings"]);
    expect(Object.fromEntries(attachments.records)).toEqual(sample.attachments["records"]);
    expect(history).toMatchObject({
      schemaVersion: 2,
      runs: [
        {
          phase: "succeeded",
          replaced: ["prod-old01"],
          inputs: {
            chartCommit: "1".repeat(40),
            valuesDigest: "0".repeat(64),
            secretsDigest: "2".repeat(64),
          },
          harvest: { jobs: 4, ended: 4, bad: 0 },
          gate: { results: 1_423_456 },
        },
      ],
    });
  });

  it("in mid-swap knows what it has written to DNS, and with what it ends once the names are back", async () => {
    const { run } = await readSample(sampleOf("mid-swap"));
    expect(run?.dns?.written).toEqual([
      { name: "prod.example.", addresses: ["203.0.113.4"] },
      { name: "colplanta.example.", addresses: ["203.0.113.5"] },
    ]);
    expect(run?.dns?.undoing).toMatchObject({ code: "DNS_CHANGED", exitCode: 3 });
    expect(run?.dns?.undoing).not.toHaveProperty("kind");
  });

  it("that has not begun its swap has written nothing", async () => {
    const { run } = await readSample(sampleOf("mid-harvest"));
    expect(run?.dns).not.toHaveProperty("written");
  });

  it("of a finished run keeps what a person accepted, and passes over what only people looked at", async () => {
    const sample = sampleOf("finished");
    const { run, history, attachments } = await readSample(sample);
    const accepted = { reason: "photographs are shown elsewhere now", by: "builder-2" };
    expect(run?.gate?.accepted).toMatchObject(accepted);
    expect(run?.gate?.accepted).not.toHaveProperty("of");
    expect(run).not.toHaveProperty("acceptance");
    expect(history.runs.map(({ phase }) => phase)).toEqual(["failed", "succeeded"]);
    expect(history.runs[0]?.failure?.code).toBe("GATE_COUNTS");
    expect(history.runs[1]?.gate?.accepted).toMatchObject(accepted);
    expect(sample.attachments).toHaveProperty("reports");
    expect(sample.attachments).toHaveProperty("evidence");
    expect(attachments).toMatchObject({ past: [], evidence: [] });
  });

  it("from before gates counted by kind keeps the results of its runs", async () => {
    const sample = sampleOf("finished");
    const [entry] = (sample.history as { runs: Record<string, unknown>[] }).runs;
    const missing = { gate: undefined, jobs: undefined, endedJobs: undefined, badJobs: undefined };
    const runs = [{ ...entry, ...missing }];
    const { history } = await readSample({ ...sample, history: { schemaVersion: 1, runs } });
    expect(history.runs[0]).toMatchObject({ gate: { results: 1_423_456 } });
    expect(history.runs[0]).not.toHaveProperty("harvest");
  });

  it("has lists and jobs by any name", async () => {
    const sample = sampleOf("mid-harvest");
    const named = (value: unknown) =>
      ["constructor", "__proto__", "toString"].map(
        (name) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
      );
    const object = (entries: readonly string[]) =>
      JSON.parse(`{${entries.join()}}`) as Record<string, object>;
    const jobs = object(named([1, 2, "COMPLETED"]).map((text) => text.replace('":', '#7":')));
    const attachments = { jobs, timings: object(named([60, 70])), records: object(named(5)) };
    const harvest = object(named({ jobs: 3 }));
    const { run, attachments: kept } = await readSample({
      ...sample,
      run: { ...sample.run, harvest },
      attachments,
    });
    const names = ["constructor", "__proto__", "toString"];
    expect(run?.harvest).toEqual(names.map((name) => ({ name, jobs: 3 })));
    expect(kept.jobs).toEqual(names.map((name) => [name, 7, 1, 2, "COMPLETED"]));
    expect(kept.timings).toEqual(names.map((name) => [name, [60, 70]]));
    expect(kept.records).toEqual(names.map((name) => [name, 5]));
  });

  it.each<[string, (sample: Sample) => Partial<Sample>]>([
    ["a list that is none", ({ run }) => ({ run: { ...run, harvest: { "1": null } } as never })],
    ["lists that are one", ({ run }) => ({ run: { ...run, harvest: ["1"] } as never })],
    ["mappings that are none", ({ run }) => ({ run: { ...run, pinned: { jobLists: [] } } })],
    ["a result that is none", () => ({ attachments: { jobs: { "a#1": 5 } } })],
    ["a duration that is none", () => ({ attachments: { timings: { a: "long" } } })],
    ["a history without runs", () => ({ history: { schemaVersion: 1 } })],
    ["a run of the history that is none", () => ({ history: { schemaVersion: 1, runs: [null] } })],
    ["a field that version 1.0 never had", ({ run }) => ({ run: { ...run, note: "do not touch" } })],
  ])("that was damaged by %s is refused as what can't be read", async (_, damage) => {
    const sample = sampleOf("mid-swap");
    await expect(readSample({ ...sample, ...damage(sample) })).rejects.toMatchObject({
      code: "STATE_UNREADABLE",
      hint: expect.stringContaining("kubectl get configmap") as string,
    });
  });
});
