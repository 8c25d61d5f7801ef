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

type Document = ReturnType<typeof generateDataConfiguration>;

/** What is said of a good document in which one thing was changed, as `where: what`. */
function saidOf(change: (document: Document) => unknown): string[] {
  const document = generateDataConfiguration({ organisations: 3, jobs: 5, listed: 4 });
  change(document);
  return check(document).problems.map(({ where, what }) => `${where.replace("data.json: ", "")}: ${what}`);
}

const set = (item: object, field: string, value: unknown) => void Object.assign(item, { [field]: value });

describe("what the harvester can't load", () => {
  const twice: [string, (document: Document) => unknown, string, string][] = [
    [
      "organisation",
      (it) => it.organisations.push(it.organisations[0]!),
      "organisations[3]",
      "appears twice",
    ],
    [
      "organisation but for case",
      (it) =>
        it.organisations.push({ ...it.organisations[0]!, resources: [], ...upper(it.organisations[0]!) }),
      "organisations[3]",
      "case and trailing blanks don't count",
    ],
    [
      "resource of another organisation",
      (it) => it.organisations[1]!.resources.push({ ...it.organisations[0]!.resources[0]! }),
      "organisations[1].resources[",
      "appears twice (organisations[0].resources[0])",
    ],
    [
      "job but for a blank at the end",
      (it) =>
        it.jobConfigurations.push({
          ...it.jobConfigurations[1]!,
          identifier: `${it.jobConfigurations[1]!.identifier} `,
        }),
      "jobConfigurations[5]",
      "case and trailing blanks don't count",
    ],
    [
      "list",
      (it) => it.jobLists.push({ ...it.jobLists[0]!, identifier: "1 " }),
      "jobLists[1]",
      "is the same as",
    ],
  ];
  const upper = ({ identifier }: { identifier: string }) => ({ identifier: identifier.toUpperCase() });

  it.each(twice)("is an identifier twice: %s", (_, change, where, what) => {
    const said = saidOf(change);
    expect(said.filter((line) => line.startsWith(where) && line.includes(what))).toHaveLength(1);
  });

  const organisation = (it: Document) => it.organisations[0]!;
  const resource = (it: Document) => it.organisations[0]!.resources[0]!;
  const fields: [string, (it: Document) => object, unknown[]][] = [
    ["organisations[0].title", organisation, [undefined, "", null, 7]],
    ["organisations[0].abbreviation", organisation, [undefined, ""]],
    ["organisations[0].resources", organisation, [undefined, null, "none"]],
    ["organisations[0].resources[0].title", resource, [undefined, ""]],
    ["organisations[0].resources[0].uri", resource, [undefined, ""]],
    ["organisations[0].resources[0].resourceType", resource, [undefined, ""]],
    ["jobConfigurations[1].parameters", (it) => it.jobConfigurations[1]!, [undefined, null]],
    ["jobLists[0].description", (it) => it.jobLists[0]!, [undefined, null]],
  ];
  it.each(fields)("is a document whose %s is missing or empty", (where, of, values) => {
    for (const value of values) {
      const said = saidOf((it) => set(of(it), where.split(".").at(-1)!, value));
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/: (is missing|is empty|must be)/);
      expect(said[0]?.startsWith(`${where}: `)).toBe(true);
    }
  });

  it.each([
    ["organisations[0].title", organisation],
    ["organisations[0].abbreviation", organisation],
    ["organisations[0].resources[0].title", resource],
    ["organisations[0].resources[0].uri", resource],
    ["organisations[0].resources[0].resourceType", resource],
    ["jobLists[0].description", (it: Document) => it.jobLists[0]!],
  ])("is a text over 255 characters at %s", (where, of) => {
    const field = where.split(".").at(-1)!;
    expect(saidOf((it) => set(of(it), field, "é".repeat(255)))).toEqual([]);
    expect(saidOf((it) => set(of(it), field, "x".repeat(256)))).toEqual([
      `${where}: is longer than 255 characters, more than the database holds; correct the document`,
    ]);
  });

  it.each([
    ["organisations[0].description", organisation],
    ["organisations[0].resources[0].title", resource],
    ["jobConfigurations[1].description", (it: Document) => it.jobConfigurations[1]!],
    ["jobConfigurations[1].parameters.prefix", (it: Document) => it.jobConfigurations[1]!.parameters],
    ["jobLists[0].description", (it: Document) => it.jobLists[0]!],
  ])("is a character of four bytes at %s", (where, of) => {
    const [said, ...more] = saidOf((it) => set(of(it), where.split(".").at(-1)!, "Flora 🌱"));
    expect(said).toContain(`${where}: holds "🌱", a four-byte character`);
    expect(more).toEqual([]);
  });

  it.each([
    ["jobLists[0]", ["id", "nextRun", "status", "currentJob"]],
    ["jobConfigurations[0]", ["id", "jobStatus", "jobExitCode", "lastJobExecution"]],
  ])("is what a harvester says of itself, at %s", (where, keys) => {
    for (const key of keys) {
      const of = (it: Document) =>
        where.startsWith("jobLists") ? it.jobLists[0]! : it.jobConfigurations[0]!;
      expect(saidOf((it) => set(of(it), key, 0))).toEqual([
        `${where}.${key}: is a harvester's own run state, which the import would load; remove it`,
      ]);
    }
  });

  it("is a list whose name has a dot", () => {
    const said = saidOf((it) => it.jobLists.push({ ...it.jobLists[0]!, identifier: "weekly.1" }));
    expect(said).toEqual([expect.stringContaining('jobLists[1].identifier: "weekly.1" has a dot')]);
  });

  it("is told all at once, mistakes of the shape and of what is in it", () => {
    const said = saidOf((it) => {
      set(it.organisations[0]!, "title", "");
      set(it.jobLists[0]!, "nextRun", "2026-11-22T12:00:00Z");
      it.jobLists[0]!.jobConfigurations.push("no-such-job");
    });
    expect(said.map((line) => line.split(":")[0])).toEqual([
      "organisations[0].title",
      "jobLists[0].nextRun",
      "jobLists[0].jobConfigurations[4]",
    ]);
  });
});

describe("what the harvester's JSON reader takes", () => {
  it.each<[string, (document: Document) => unknown]>([
    ["a job without a description", (it) => set(it.jobConfigurations[0]!, "description", undefined)],
    ["a job's null description", (it) => set(it.jobConfigurations[0]!, "description", null)],
    ["no parameters", (it) => set(it.jobConfigurations[0]!, "parameters", {})],
    [
      "numbers and booleans in them",
      (it) => Object.assign(it.jobConfigurations[0]!.parameters, { a: 1, b: true }),
    ],
    ["fields that nobody knows", (it) => set(it.organisations[0]!, "motto", "Flora 🌱")],
    ["a second list", (it) => it.jobLists.push({ ...it.jobLists[0]!, identifier: "2" })],
    ["no organisations", (it) => (it.organisations = [])],
    ["an organisation's long description", (it) => set(it.organisations[0]!, "description", "x".repeat(600))],
  ])("is taken: %s", (_, change) => {
    expect(saidOf(change)).toEqual([]);
  });

  it("is taken: a BOM before it", () => {
    const text = `\uFEFF${JSON.stringify(generateDataConfiguration())}`;
    expect(checkDataConfiguration(Buffer.from(text), "data.json", ["1"]).problems).toEqual([]);
  });

  it("is taken: jobs that are called as what objects have by themselves", () => {
    const odd = ["constructor", "__proto__", "toString", "hasOwnProperty"];
    const said = saidOf((it) => {
      for (const identifier of odd) it.jobConfigurations.push({ ...it.jobConfigurations[0]!, identifier });
      it.jobLists[0]!.jobConfigurations.push(...odd);
    });
    expect(said).toEqual([]);
  });

  it("is taken: 190,000 jobs, in linear time", () => {
    const document = generateDataConfiguration({ organisations: 2, jobs: 3, listed: 3 });
    const [first] = document.jobConfigurations;
    for (let n = 0; n < 190_000; n += 1)
      document.jobConfigurations.push({ ...first!, identifier: `job-${n}`, parameters: {} });
    document.jobLists[0]!.jobConfigurations = document.jobConfigurations.map(({ identifier }) => identifier);
    expect(check(document).problems).toEqual([]);
  });
});
