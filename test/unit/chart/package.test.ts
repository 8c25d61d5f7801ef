/** The chart as others get it: what is in the package, what it says about itself, and where it may be installed. */
import { access, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { chartValues } from "../../../scripts/chart-docs.ts";
import { requireBinaries } from "../../tools/binaries.ts";
import { removeFolder } from "../../tools/remove-folder.ts";
import { chartDir, fieldValues, helmTemplate } from "./render.ts";

const read = (file: string) => readFile(path.join(chartDir, file), "utf8");
const chart = parse(await read("Chart.yaml"));

describe("values", async () => {
  const values = chartValues(await read("values.yaml"));

  test("each has a description", () => {
    expect(values.length).toBeGreaterThan(90);
    expect(values.filter(({ description }) => description === "").map(({ path }) => path.join("."))).toEqual(
      [],
    );
  });

  test("each description is prose on one line, without the example that stands with it", () => {
    for (const { path, description } of values)
      expect({ path, description }).toMatchObject({ description: expect.stringMatching(/^\S[^\n]*[.)]$/) });
    const [settings] = values.filter(({ path }) => path[0] === "settings");
    expect(settings?.description).not.toContain("GATE_SENTINELS");
  });

  test("none is known to the schema alone", async () => {
    interface Schema {
      properties?: Record<string, Schema>;
    }
    const names = new Set(values.map(({ path }) => path.join(".")));
    const known = (schema: Schema, above: string[]): string[] =>
      Object.entries(schema.properties ?? {}).flatMap(([key, below]) => {
        const name = [...above, key].join(".");
        return names.has(name) || below.properties === undefined ? [name] : known(below, [...above, key]);
      });
    const schema = JSON.parse(await read("values.schema.json")) as Schema;
    expect(known(schema, []).filter((name) => !names.has(name))).toEqual(["global"]);
  });

  test("a value that nobody has described is seen", () => {
    const text = "# -- One.\na: 1\n# two\nb: 2\nc:\n  d: 3\n\n# -- Four.\n\ne: 4\n";
    expect(chartValues(text).map(({ path, description }) => [path.join("."), description])).toEqual([
      ["a", "One."],
      ["b", ""],
      ["c.d", ""],
      ["e", ""],
    ]);
  });
});

test("the package holds the chart and nothing of the repository's", async () => {
  const { helm } = await requireBinaries();
  const directory = await mkdtemp(path.join(tmpdir(), "powo-package-"));
  await execa(helm, ["package", chartDir, "--destination", directory]);
  const { stdout } = await execa("tar", ["-tzf", path.join(directory, `powo-builder-${chart.version}.tgz`)]);
  const files = stdout.split("\n").map((file) => file.replace(/^powo-builder\//, ""));
  expect(files.filter((file) => !file.startsWith("templates/")).sort()).toEqual(
    [
      ".helmignore",
      "Chart.yaml",
      "README.md",
      "dashboards/powo-builder.json",
      "values.schema.json",
      "values.yaml",
    ].sort(),
  );
  expect(files).toContain("templates/cronjobs.yaml");
  expect(files).toContain("templates/tests/validate.yaml");
  await removeFolder(directory);
});

describe("Chart.yaml", () => {
  test("says whose it is, with an icon that needs no server", () => {
    expect(chart).toMatchObject({
      home: expect.stringMatching(/^https:/),
      sources: expect.arrayContaining([chart.home]),
      maintainers: [{ name: expect.any(String), url: expect.stringMatching(/^https:/) }],
    });
    const [, svg = ""] = /^data:image\/svg\+xml;base64,(.*)$/.exec(chart.icon) ?? [];
    expect(Buffer.from(svg, "base64").toString()).toMatch(/^<svg [^]*<\/svg>\n$/);
  });

  test("lists what is new, as Artifact Hub reads it", () => {
    const changes = parse(chart.annotations["artifacthub.io/changes"]);
    expect(changes.length).toBeGreaterThan(0);
    for (const change of changes) expect(change).toMatch(/^[A-Z`][^\n]*\.$/);
  });

  test.each([
    ["v1.30.0", true],
    ["v1.30.0-gke.1", true],
    ["v1.35.3-gke.1200", true],
    ["v1.29.15", false],
    ["v1.29.4-gke.7", false],
  ])("on Kubernetes %s: %s", async (version, taken) => {
    const { exitCode, stderr } = await helmTemplate(await fieldValues(), {
      args: ["--kube-version", version],
    });
    expect(exitCode === 0).toBe(taken);
    if (!taken) expect(stderr).toContain("chart requires kubeVersion: >=1.30.0-0");
  });
});

test("the README leads to pages that are there", async () => {
  const readme = await read("README.md");
  const links = [...readme.matchAll(/\]\(([^)]*)\)/g)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(2);
  for (const link of links) {
    expect(link).toContain(`${chart.home}/blob/main/`);
    await access(path.join(chartDir, "..", link.replace(`${chart.home}/blob/main/`, "")));
  }
});
