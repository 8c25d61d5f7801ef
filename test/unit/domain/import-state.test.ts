import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkDataConfiguration } from "../../../src/domain/data-configuration.ts";
import { compareImport } from "../../../src/domain/import-state.ts";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";
import { HarvesterModel } from "../../sandbox/harvester/model.ts";

const document = generateDataConfiguration({ organisations: 4, jobs: 9, listed: 8 });
const rows = 4 + 9 + 1;
const wanted = checkDataConfiguration(Buffer.from(JSON.stringify(document)), "data.json", ["1"]).data!;

describe("what a database holds", () => {
  it("is complete whatever the order of what the harvester exports", () => {
    const model = new HarvesterModel({ now: () => 0 });
    model.importData(document);
    const exported = model.exportData().body as typeof document;
    exported.jobConfigurations.reverse();
    for (const { resources } of exported.organisations.reverse()) resources.reverse();
    expect(compareImport(wanted, exported)).toBe("complete");
  });

  it("is empty, part or complete after every number of rows at which an import can die", () => {
    for (let killAfter = 0; killAfter <= rows; killAfter += 1) {
      const model = new HarvesterModel({ now: () => 0 });
      model.importData(document, { killAfter });
      const state = compareImport(wanted, model.exportData().body);
      expect(state).toBe(killAfter === 0 ? "empty" : killAfter < rows ? "part" : "complete");
    }
  });

  it("is complete though a list was started, and a number came back as the text of it", () => {
    const exported = structuredClone(document) as Record<string, unknown> & typeof document;
    Object.assign(exported.jobLists[0]!, {
      nextRun: "2026-11-22T12:00:00Z",
      status: "Running",
      currentJob: 3,
    });
    const given = structuredClone(document);
    Object.assign(given.jobConfigurations[0]!.parameters, { limit: 1, strict: true });
    Object.assign(exported.jobConfigurations[0]!.parameters, { limit: "1.0", strict: "true" });
    const { data } = checkDataConfiguration(Buffer.from(JSON.stringify(given)), "data.json", ["1"]);
    expect(compareImport(data!, exported)).toBe("complete");
  });

  it("is part when it is another document", () => {
    const changed = structuredClone(document);
    changed.jobConfigurations[0]!.parameters["prefix"] = "x";
    const reordered = structuredClone(document);
    reordered.jobLists[0]!.jobConfigurations.reverse();
    for (const other of [changed, reordered, { ...document, organisations: [] }, "rubbish", null])
      expect(compareImport(wanted, other)).toBe("part");
  });
});

describe("the real documents", () => {
  const folder = new URL("../../../../shared/data/", import.meta.url);

  it.each(["data-prod.json", "data-test.json"])("%s is accepted, and complete once it is loaded", (name) => {
    const file = new URL(name, folder);
    if (!existsSync(file)) return;
    const { data, problems } = checkDataConfiguration(readFileSync(file), name, ["1"]);
    expect(problems).toEqual([]);
    const model = new HarvesterModel({ now: () => 0 });
    model.importData(JSON.parse(readFileSync(file, "utf8")) as Parameters<typeof model.importData>[0]);
    expect(compareImport(data!, model.exportData().body)).toBe("complete");
  });
});
