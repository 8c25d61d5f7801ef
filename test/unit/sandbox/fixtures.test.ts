import { describe, expect, it } from "vitest";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";

describe("the generated data configuration", () => {
  it("has production's size, a list that ends with the index, and no dangling name", () => {
    const doc = generateDataConfiguration({ seed: 7 });
    const names = doc.jobConfigurations.map((job) => job.identifier);
    const listed = doc.jobLists[0]?.jobConfigurations ?? [];
    expect([doc.organisations.length, names.length, listed.length]).toEqual([48, 83, 82]);
    expect(new Set(names).size).toBe(83);
    expect(new Set(listed).size).toBe(82);
    expect(listed.every((name) => names.includes(name))).toBe(true);
    expect(doc.jobConfigurations.find((job) => job.identifier === listed.at(-1))?.jobName).toBe("ReIndex");
    expect(generateDataConfiguration({ seed: 7 })).toEqual(doc);
    expect(generateDataConfiguration({ seed: 8 })).not.toEqual(doc);
    expect(JSON.stringify(doc).length).toBeGreaterThan(45_000);
  });
});
