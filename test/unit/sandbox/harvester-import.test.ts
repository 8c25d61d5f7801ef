import { describe, expect, it } from "vitest";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";
import type { DataConfiguration } from "../../sandbox/harvester/data-configuration.ts";
import { firstJob, harvesterWith, small } from "./harvester-bench.ts";

describe("import of the data configuration", () => {
  it("loads an empty database once and says 'already loaded' with a 200 from then on", () => {
    const { model } = harvesterWith(undefined);
    expect(model.importData(small)?.status).toBe(201);
    const again = model.importData(small);
    expect(again?.status).toBe(200);
    expect(again?.body).toHaveProperty("error", expect.stringContaining("Configuration already loaded"));
    expect(model.imports).toBe(1);
  });

  it("leaves a part when it is killed half way, which the next import takes for loaded", () => {
    const { model } = harvesterWith(undefined);
    expect(model.importData(small, { killAfter: 3 })).toBeUndefined();
    const left = model.exportData().body as DataConfiguration;
    expect([left.organisations.length, left.jobConfigurations.length, left.jobLists.length]).toEqual([
      2, 1, 0,
    ]);
    expect(model.importData(small)?.body).toHaveProperty("error");
  });

  it("breaks for good over a list that names a job which doesn't exist, after it loaded everything", () => {
    const broken = structuredClone(small);
    broken.jobLists[0]?.jobConfigurations.unshift("Harvest-nothing");
    const { model } = harvesterWith(undefined);
    expect(model.importData(broken)?.status).toBe(500);
    expect(model.exportData().status).toBe(500);
    expect(model.importData(small)?.status).toBe(200);
    expect(model.list("1").status).toBe(200);
  });

  it("only becomes shorter where the last job of a list doesn't exist, though the answer is a 500", () => {
    const broken = structuredClone(small);
    broken.jobLists[0]?.jobConfigurations.push("Harvest-nothing");
    const { model } = harvesterWith(undefined);
    expect(model.importData(broken)?.status).toBe(500);
    expect((model.exportData().body as DataConfiguration).jobLists).toEqual(small.jobLists);
  });

  it.each<[string, (doc: DataConfiguration) => unknown, number, number]>([
    [
      "a resource twice",
      (doc) => doc.organisations[1]!.resources.push(doc.organisations[0]!.resources[0]!),
      200,
      1,
    ],
    [
      "an identifier but for case",
      (doc) => (doc.jobConfigurations[3]!.identifier = firstJob.toUpperCase()),
      200,
      2,
    ],
    ["a title that is too long", (doc) => (doc.organisations[0]!.title = "x".repeat(256)), 200, 0],
    ["an emoji", (doc) => (doc.jobLists[0]!.description = "all 🌱"), 200, 2],
    ["no title", (doc) => Reflect.deleteProperty(doc.organisations[1]!, "title"), 500, 1],
    ["no resources", (doc) => Reflect.deleteProperty(doc.organisations[0]!, "resources"), 500, 0],
    ["no parameters", (doc) => Reflect.deleteProperty(doc.jobConfigurations[0]!, "parameters"), 500, 2],
    ["an id", (doc) => Object.assign(doc.jobLists[0]!, { id: 7 }), 500, 2],
    [
      "nothing",
      (doc) => Object.assign(doc, { organisations: [], jobConfigurations: [], jobLists: [] }),
      500,
      0,
    ],
  ])("refuses a document with %s, and keeps what it had loaded by then", (_, change, status, left) => {
    const doc = structuredClone(small);
    change(doc);
    const { model } = harvesterWith(undefined);
    expect(model.importData(doc)?.status).toBe(status);
    expect((model.exportData().body as DataConfiguration).organisations).toHaveLength(left);
  });

  it("takes run state as it stands: a list that starts by itself, one that is wedged from the start", () => {
    const doc = structuredClone(small);
    Object.assign(doc.jobLists[0]!, { nextRun: "2026-11-22T12:00:00.000Z" });
    const { list, later } = harvesterWith(doc);
    later(6);
    expect(list().status).toBe("Running");
    const wedged = structuredClone(small);
    Object.assign(wedged.jobLists[0]!, { status: "Running" });
    const other = harvesterWith(wedged);
    other.later(1_000);
    expect(other.list()).toMatchObject({ status: "Running", currentJob: 0 });
    expect(other.list().jobConfigurations[0]).not.toHaveProperty("jobStatus");
  });

  it("exports what was imported in order, of run state the nextRun of a list that runs", () => {
    const doc = generateDataConfiguration();
    const { model, later } = harvesterWith(doc);
    model.runList("1");
    later(300);
    const exported = model.exportData().body as DataConfiguration;
    expect(exported.organisations).toEqual(doc.organisations);
    expect(exported.jobConfigurations).toEqual(doc.jobConfigurations);
    expect(exported.jobLists).toEqual([
      { ...doc.jobLists[0], nextRun: expect.stringMatching(/:\d\d\.000Z$/) },
    ]);
  });
});
