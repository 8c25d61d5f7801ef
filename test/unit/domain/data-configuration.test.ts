import { describe, expect, it } from "vitest";
import { checkDataConfiguration } from "../../../src/domain/data-configuration.ts";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";

const check = (document: object) =>
  checkDataConfiguration(Buffer.from(JSON.stringify(document)), "data.json", ["1"]);

describe("the check of a data configuration", () => {
  it("has nothing against one of production's shape", () => {
    expect(check(generateDataConfiguration())).toMatchObject({ problems: [], warnings: [] });
  });

  it("warns of names of organisations that aren't there, as production's own document has them", () => {
    const document = generateDataConfiguration({ organisations: 2, jobs: 3, listed: 3 });
    document.organisations[0]!.resources[0]!.organisation = "gone-flora";
    document.jobConfigurations[1]!.parameters["authority.name"] = "lost-flora";
    const { problems, warnings } = check(document);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/^resource .* names organisation "gone-flora", which is not in the document$/),
      expect.stringMatching(/^job .* names organisation "lost-flora", which is not in the document$/),
    ]);
  });

  it("refuses a list that names a missing job, or a job twice, or that is not there", () => {
    const document = generateDataConfiguration({ organisations: 2, jobs: 3, listed: 3 });
    const list = document.jobLists[0]!;
    list.identifier = "2";
    list.jobConfigurations.push("no-such-job", list.jobConfigurations[0]!);
    expect(check(document).problems.map(({ what }) => what)).toEqual([
      expect.stringContaining('there is no job "no-such-job"'),
      expect.stringContaining("is on the list twice"),
      expect.stringContaining('there is no list "1" (JOB_LIST); the document has "2"'),
    ]);
  });
});
