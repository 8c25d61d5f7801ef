/** What a harvester makes of documents that are not as they should be: seen on the real program. */
import { expect, it } from "vitest";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import type { HarvesterWorld } from "./harvester.ts";

type Document = ReturnType<typeof generateDataConfiguration>;

export function describeImports(world: () => HarvesterWorld): void {
  /** Posts a document with one thing changed into an empty database. */
  const post = async (change: (it: Document) => unknown, before = "") => {
    const { harvester, namespace } = world();
    const document = generateDataConfiguration({ jobs: 3 });
    change(document);
    await world().loseDatabase();
    return harvester.importData(namespace, Buffer.from(before + JSON.stringify(document)));
  };

  it.each<[string, (it: Document) => unknown]>([
    ["a resource twice", (it) => it.organisations[1]!.resources.push(it.organisations[0]!.resources[0]!)],
    ["a title that is too long", (it) => (it.organisations[0]!.title = "x".repeat(256))],
    ["a character of four bytes", (it) => (it.jobLists[0]!.description = "🌱")],
  ])("says of %s what it says of a second import", async (_, change) => {
    const error = expect.stringContaining("Configuration already loaded") as unknown;
    expect(await post(change)).toEqual({ loaded: false, error });
  });

  it.each<[string, (it: Document) => unknown]>([
    ["an organisation without a title", (it) => (it.organisations[0]!.title = "")],
    ["a job without parameters", (it) => Reflect.deleteProperty(it.jobConfigurations[0]!, "parameters")],
    ["an id", (it) => Object.assign(it.jobLists[0]!, { id: 1 })],
  ])("stumbles over %s", async (_, change) => {
    await expect(post(change)).rejects.toMatchObject({ code: "OUTAGE", status: 500 });
  });

  it("takes numbers and booleans for parameters, no description, and a BOM", async () => {
    const change = (it: Document) => {
      Object.assign(it.jobConfigurations[0]!, { description: null, parameters: { limit: 7, strict: true } });
      it.jobConfigurations[1]!.parameters = {};
    };
    expect(await post(change, "\uFEFF")).toEqual({ loaded: true });
    const exported = (await world().harvester.exportData(world().namespace)) as Document;
    expect(exported.jobConfigurations[0]?.parameters).toEqual({ limit: "7", strict: "true" });
  });
}
