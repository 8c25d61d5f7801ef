import { describe, expect, test } from "vitest";
import { parseSettings } from "../../../src/config/settings.ts";
import { mappingsYaml, problemsOf, read } from "./read.ts";

const builder = "/config/builder.yaml";
const mappings = "/config/dns-mappings.yaml";
const entry = (name: string) => `- {zone: z, name: ${name}, service: ingress}`;

describe("builder.yaml", () => {
  test("sets what the table has, in camelCase, and the structured settings", () => {
    const text = [
      "harvestTimeout: 1h30m",
      "deleteExisting: no",
      "deployTag: 1.10 # stays 1.10",
      "gates: {minShare: 0.5, sentinels: [a, b]}",
      "jobLists: [1, 2]",
      `dns:\n${entry("x.example.org.")}`,
    ].join("\n");
    expect(read({ files: { [builder]: text, [mappings]: undefined } })).toMatchObject({
      harvest: { timeoutMs: 5_400_000 },
      deleteExisting: false,
      deployTag: "1.10",
      gate: { minShare: 0.5, sentinels: ["a", "b"] },
      jobLists: ["1", "2"],
      mappings: [{ zone: "z", name: "x.example.org.", service: "ingress" }],
    });
  });

  test("gives way to the environment", () => {
    const files = { [builder]: "harvestTimeout: 1h\njobLists: [1]" };
    const settings = read({ env: { HARVEST_TIMEOUT: "2h", JOB_LIST: "9" }, files });
    expect(settings).toMatchObject({ harvest: { timeoutMs: 7_200_000 }, jobLists: ["9"] });
  });

  test("is overlooked where the environment names a mappings file", () => {
    const files = { [builder]: `dns:\n${entry("x.example.org.")}`, "/m.yaml": mappingsYaml };
    expect(read({ env: { DNS_MAPPINGS_FILE: "/m.yaml" }, files }).mappings[0]?.name).toBe(
      "prod.example.org.",
    );
  });

  test.each([
    ["nothing", ""],
    ["comments only", "# nothing\n"],
    ["Windows line ends and a byte order mark", "\uFEFFharvestTimeout: 48h\r\nlogLevel: info\r\n"],
    ["keys without a value", "dns:\nharvestTimeout:\ngates: ~\n"],
    ["a document start", "---\nlogLevel: info\n"],
    ["an alias", "harvestTimeout: &t 48h\npodsTimeout: *t\n"],
  ])("may hold %s", (_, text) => {
    expect(problemsOf({ files: { [builder]: text } })).toEqual([]);
  });

  test.each(["null", "~", "NULL", "", '""'])("takes %j for no value, never for a word", (nothing) => {
    const keys = ["environment", "deployTag", "jobLists", "apiPassword", "dns", "gates"];
    const text = keys.map((key) => `${key}: ${nothing}\n`).join("");
    expect(read({ files: { [builder]: text } })).toMatchObject({
      environment: "test",
      deployTag: "master",
      jobLists: ["1"],
      harvester: { password: "password" },
      mappings: [{ name: "prod.example.org." }],
      given: new Set(["DATA_CONFIG_PATH", "G_PROJECT"]),
    });
  });

  test("takes a quoted null for the word", () => {
    expect(read({ files: { [builder]: "deployTag: 'null'" } }).deployTag).toBe("null");
  });

  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi"
    .split("")
    .map((name, index) => `${name}: &${name} [${`*${"abcdefghi".charAt(index)},`.repeat(9)}]`)
    .join("\n")}`;

  test.each([
    ["an unknown key", "harvestTimeot: 1h", "harvestTimeot is not a setting; did you mean harvestTimeout?"],
    ["a variable's name as key", "HARVEST_TIMEOUT: 1h", "did you mean harvestTimeout?"],
    ["a key unlike any other", "qwertyuiop: 1", "see docs/configuration.md"],
    ["a key that only the environment may set", "builderConfig: x", "builderConfig is not a setting"],
    [
      "an unknown key of gates",
      "gates: {minShar: 1}",
      "gates.minShar is not a setting; did you mean minShare?",
    ],
    ["an unknown key without a value", "harvestTimeot:", "harvestTimeot is not a setting"],
    [
      "an unknown key of gates without a value",
      "gates: {minShare: 0.8, shar: ''}",
      "gates.shar is not a setting",
    ],
    [
      "an unknown key of a name without a value",
      "dns: [{zone: z, name: x.example.org., service: i, zon: }]",
      "dns[0].zon is not a setting",
    ],
    ["a bad value", "harvestTimeout: 2 days", 'harvestTimeout "2 days" is not a duration; write 48h'],
    ["a bad value below gates", "gates: {minShare: 90%}", 'gates.minShare "90%" is not a number'],
    ["a mapping for text", "harvestTimeout: {a: 1}", "harvestTimeout must be text"],
    ["text for a mapping", "gates: high", "gates must be a mapping"],
    ["text for the names", "dns: x", "dns must be a list"],
    ["nothing in a list", "jobLists: [1, null]", "jobLists[1] is empty; fill it in, or remove it"],
    ["nothing in a list below gates", "gates:\n  sentinels:\n  - a\n  -", "gates.sentinels[1] is empty"],
    ["a list in a list", "jobLists: [[1]]", "jobLists[0] must be text"],
    ["nothing among the names", `dns:\n${entry("x.example.org.")}\n- ~`, "dns[1] must be a mapping"],
    [
      "a name without its zone",
      "dns: [{zone: ~, name: x.example.org., service: i}]",
      "dns[0].zone is missing",
    ],
    [
      "an unknown key of a name",
      `dns: [{zon: a, zone: z, name: x.example.org., service: i}]`,
      "dns[0].zon is no",
    ],
    ["a key without a name", ": x", '"" is not a setting; see docs/configuration.md'],
    ["a setting given twice", "jobList: 1\njobLists: [2]", "jobLists is the same setting as jobList"],
    ["a duplicate key", "logLevel: info\nlogLevel: debug", "line 2: this key appears twice"],
    ["a list instead of a mapping", "- a", "must hold a mapping"],
    ["text instead of a mapping", "hello", "must hold a mapping"],
    ["broken YAML", "a: [1, 2", "line 1"],
    ["a tab as indentation", "gates:\n\tminShare: 1", "line 2"],
    ["two documents", "logLevel: info\n---\nlogLevel: info", "multiple documents"],
    ["a tag", "logLevel: !!js/function x", "Unresolved tag"],
    ["an alias of nothing", "logLevel: *x", "is not YAML: Unresolved alias"],
    ["a bomb of aliases", bomb, "is not YAML: Excessive alias count"],
    ["deep nesting", `dns: ${"[".repeat(100_000)}`, "nested too deeply"],
    ["deep nesting of another kind", `dns: \n${"- ".repeat(50_000)}x`, builder],
    ["UTF-16", "l\0o\0g\0", "is not UTF-8"],
    ["Latin-1", "logLevel: inf\uFFFD", "is not UTF-8"],
    ["a flood", "#".repeat(300_000), "is larger than 256 KiB"],
  ])("must not hold %s", (_, text, said) => {
    const problems = problemsOf({ files: { [builder]: text } });
    expect(problems[0]).toMatch(/^\/config\/builder\.yaml {2}/);
    expect(problems[0]).toContain(said);
  });

  test("is a problem when it can't be read", () => {
    const unreadable = (path: string) => {
      if (path === builder) throw Object.assign(new Error("no"), { code: "EACCES" });
      return mappingsYaml;
    };
    expect(() => parseSettings({}, unreadable, "state")).toThrow(
      expect.objectContaining({
        problems: [{ where: builder, what: "may not be read; name a file that the builder can read" }],
      }),
    );
  });

  test("hides no mistake behind another", () => {
    const text = "harvestTimeot: 1h\npodsTimeout: 5\ndns: [{zone: z}]\n";
    expect(problemsOf({ env: { LOG_LEVEL: "loud" }, files: { [builder]: text } })).toHaveLength(5);
  });
});

describe("dns-mappings.yaml", () => {
  test.each([
    ["a name without its dot", entry("a.example.org"), 'dns[0].name "a.example.org" must end with a dot'],
    ["capital letters", entry("A.example.org."), "must be in lower case; write a.example.org."],
    ["a single label", entry("localhost."), "is not a host name"],
    ["an empty label", entry("a..org."), "is not a host name"],
    ["a name too long", entry(`${"a.".repeat(140)}org.`), "is not a host name"],
    ["a name twice", `${entry("a.example.org.")}\n${entry("a.example.org.")}`, "dns[1].name"],
    ["no service", "- {zone: z, name: a.example.org.}", "dns[0].service is missing"],
    ["an impossible service", "- {zone: z, name: a.example.org., service: In_gress}", "dns[0].service"],
    ["an impossible zone", "- {zone: example.org, name: a.example.org., service: i}", "dns[0].zone"],
    ["an entry that is no mapping", "- x", "dns[0] must be a mapping"],
    ["no entry", "  []", "dns is empty; list at least one"],
  ])("must not hold %s", (_, list, said) => {
    const problems = problemsOf({ files: { [mappings]: `dns:\n${list}\n` } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(said);
  });

  test.each([
    ["absent", undefined, "there is no such file"],
    ["empty", "", "dns is missing; list the public names there"],
    ["a list", entry("a.example.org."), "must hold a mapping"],
  ])("must not be %s", (_, text, said) => {
    expect(problemsOf({ files: { [mappings]: text } })).toEqual([expect.stringContaining(said)]);
  });

  test("may hold what the original's chart put there", () => {
    expect(problemsOf({ files: { [mappings]: `# generated\nuser: x\n${mappingsYaml}` } })).toEqual([]);
  });
});
