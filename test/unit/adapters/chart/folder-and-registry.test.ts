import { execFile, execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rename, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bounded, digestTree, listTree } from "../../../../src/adapters/chart/tree.ts";
import { requireBinaries } from "../../../tools/binaries.ts";
import { startOciRegistry } from "../../../tools/oci-registry.ts";
import { createChartWorld, type ChartWorld } from "./chart-world.ts";

const fixture = path.resolve(import.meta.dirname, "../../../fixtures/infrastructure");
let world: ChartWorld;
let source: string;

beforeEach(async () => {
  world = await createChartWorld();
  source = path.join(world.dir, "source");
  await cp(fixture, source, { recursive: true });
});
afterEach(() => world.close());

describe("a chart from a folder", () => {
  it("has a digest that only content and paths decide", async () => {
    const { commit } = await world.fetch(source);
    const copy = path.join(world.dir, "copy");
    await cp(source, copy, { recursive: true });
    expect(await world.fetch(copy, { commit })).toMatchObject({ commit });
    await rename(path.join(copy, "powo/uat.yaml"), path.join(copy, "powo/uat2.yaml"));
    expect((await world.fetch(copy)).commit).not.toBe(commit);
    await expect(world.fetch(copy, { commit })).rejects.toMatchObject({ code: "CHART_CHANGED" });
  });

  it("is used as it was when it was looked at", async () => {
    const chart = await world.fetch(source);
    await writeFile(path.join(source, "powo/values.yaml"), "changed: true\n");
    expect(await readFile(path.join(chart.dir, "values.yaml"), "utf8")).not.toContain("changed");
  });

  it("may have no values for this environment", async () => {
    expect(await world.fetch(source, { environment: "dev" })).toMatchObject({ environmentValues: undefined });
  });

  it("may be linked inside, as a mounted ConfigMap is, but not lead out or round in circles", async () => {
    const powo = path.join(source, "powo");
    await mkdir(path.join(powo, "..data"));
    await writeFile(path.join(powo, "..data/linked.yaml"), "a: 1\n");
    await symlink("..data/linked.yaml", path.join(powo, "linked.yaml"));
    const chart = await world.fetch(source);
    expect(await readFile(path.join(chart.dir, "linked.yaml"), "utf8")).toBe("a: 1\n");

    await symlink(".", path.join(powo, "round"));
    expect(await world.problemOf(source)).toContain("is circular");
    await rename(path.join(powo, "round"), path.join(source, "round"));
    await symlink("/nowhere", path.join(powo, "nowhere"));
    expect(await world.problemOf(source)).toContain("points to nothing");
    await rename(path.join(powo, "nowhere"), path.join(source, "nowhere"));
    await symlink("../../source/round", path.join(powo, "out"));
    expect(await world.problemOf(source)).toContain("points outside");
  });

  it("that is missing or no chart is a mistake", async () => {
    expect(await world.problemOf(`${source}-missing`)).toContain("there is no folder");
    expect(await world.problemOf(source, { chartPath: "powo/values.yaml" })).toContain("not a folder");
    await writeFile(path.join(source, "powo/Chart.yaml"), "name: [");
    expect(await world.problemOf(source)).toContain("Chart.yaml");
  });

  it("is refused beyond 200 MiB", async () => {
    const large = path.join(source, "powo/large");
    await writeFile(large, "");
    await truncate(large, 201 * 1024 * 1024);
    expect(await world.problemOf(source)).toContain("200 MiB");
  });
});

describe("what is no file of the chart", () => {
  const powo = () => path.join(source, "powo");
  const leadsOut = "the chart: link templates/x.yaml points outside the chart; put the file itself there";
  const noFile = "the chart: templates/x.yaml is neither file nor folder; remove it";

  it.each<[what: string, make: (file: string) => Promise<unknown>, problem: string]>([
    ["a link to a device", (file) => symlink("/dev/zero", file), leadsOut],
    ["a link to a process's secrets", (file) => symlink("/proc/self/environ", file), leadsOut],
    ["a link to the terminal or log", (file) => symlink("/dev/stdin", file), "link templates/x.yaml points"],
    ["a link to a file beside the chart", (file) => symlink("../../README", file), leadsOut],
    ["a link to a folder outside", (file) => symlink("/etc", file), leadsOut],
    ["a pipe", async (file) => execFileSync("mkfifo", [file]), noFile],
    [
      "a link to a pipe",
      (file) => {
        execFileSync("mkfifo", [`${file}.p`]);
        return symlink("x.yaml.p", file);
      },
      "is neither file nor folder; remove it",
    ],
  ])("is refused: %s", async (_, make, problem) => {
    await writeFile(path.join(source, "README"), "beside");
    await make(path.join(powo(), "templates/x.yaml"));
    expect(await world.problemOf(source)).toContain(problem);
  });

  it("is refused: a socket", async () => {
    const server = createServer().listen(path.join(powo(), "templates/x.yaml"));
    expect(await world.problemOf(source)).toContain(noFile);
    server.close();
  });
});

describe("the walk over a chart", () => {
  const signal = new AbortController().signal;

  it("ends at 20,000 entries", async () => {
    const many = path.join(source, "powo/many");
    await mkdir(many);
    const batch = Array.from({ length: 200 }, (_, index) => path.join(many, String(index)));
    await Promise.all(batch.map((folder) => mkdir(folder)));
    await writeFile(path.join(many, "0/file"), "");
    // Each link shows the same 200 folders again: few entries on the disk, many to the walk.
    for (let index = 0; index < 100; index += 1)
      await symlink("many", path.join(source, "powo", `again-${index}`));
    expect(await world.problemOf(source)).toContain("more than 20000 files and folders");
  });

  it("ends at 50 folders one in another", async () => {
    await mkdir(path.join(source, "powo", "a/".repeat(49)), { recursive: true });
    expect(await listTree(path.join(source, "powo"), signal)).not.toHaveLength(0);
    await mkdir(path.join(source, "powo", "a/".repeat(50)), { recursive: true });
    expect(await world.problemOf(source)).toContain("more than 50 folders deep");
  });

  it("says what to do about each limit", async () => {
    await mkdir(path.join(source, "powo", "a/".repeat(50)), { recursive: true });
    expect(await world.problemOf(source)).toMatch(
      /^the chart: .+ folders deep; name only the chart's folder$/,
    );
  });

  it("ends when the run is stopped", async () => {
    await expect(world.fetch(source, { signal: AbortSignal.abort(new Error("stop now")) })).rejects.toThrow(
      "stop now",
    );
  });
});

describe("a fetch", () => {
  it("is stopped while it grows beyond its limit", async () => {
    const dir = path.join(world.dir, "grows");
    await mkdir(dir);
    const grow = async (signal: AbortSignal) => {
      await writeFile(path.join(dir, "pack"), "x".repeat(2_000));
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    };
    await expect(
      bounded(dir, new AbortController().signal, grow, { bytes: 1_000, entries: 10 }),
    ).rejects.toMatchObject({
      code: "CONFIGURATION",
    });
  });

  it("is refused where it is many files without a byte", async () => {
    const dir = path.join(world.dir, "many");
    const fill = async () => {
      for (let index = 0; index < 20; index += 1)
        await mkdir(path.join(dir, String(index), "empty"), { recursive: true });
    };
    const limits = { bytes: 1_000, entries: 40 };
    await bounded(dir, new AbortController().signal, fill, limits);
    await mkdir(path.join(dir, "one-more"));
    await expect(bounded(dir, new AbortController().signal, fill, limits)).rejects.toMatchObject({
      problems: [{ where: "CHART_SOURCE", what: expect.stringContaining("200000 files and folders; name") }],
    });
  });
});

describe("a chart from a registry", () => {
  it("comes without the links and pipes of its archive, and not at all where a name leads out", async () => {
    const templates = path.join(source, "powo/templates");
    await symlink("/dev/zero", path.join(templates, "zero.yaml"));
    execFileSync("mkfifo", [path.join(templates, "pipe.yaml")]);
    const archive = (...more: string[]) =>
      execFileSync("tar", ["-cz", "-C", source, ...more, "powo"], { maxBuffer: 1e8 });
    for (const [version, bytes, outcome] of [
      ["0.1.0", archive(), "comes"],
      ["0.1.0", archive("-P", "--transform=s,uat.yaml,../../out.yaml,"), "not at all"],
    ] as const) {
      const registry = await startOciRegistry("powo", version, bytes);
      const fetching = world.fetch(`oci://${registry.host}/charts/powo`);
      if (outcome === "comes") {
        const { dir } = await fetching;
        for (const name of ["zero.yaml", "pipe.yaml"])
          expect(await readFile(path.join(dir, "templates", name), "utf8")).toBe("");
      } else await expect(fetching).rejects.toMatchObject({ code: "OUTAGE", status: 404 });
      await registry.close();
    }
  });

  it("is pulled, pinned and refused when it changed", async () => {
    const { helm } = await requireBinaries();
    await promisify(execFile)(helm, ["package", path.join(source, "powo"), "-d", world.dir]);
    const registry = await startOciRegistry(
      "powo",
      "0.1.0",
      await readFile(path.join(world.dir, "powo-0.1.0.tgz")),
    );
    const reference = `oci://${registry.host}/charts/powo`;
    const chart = await world.fetch(reference);
    expect(chart).toMatchObject({ name: "powo", version: "0.1.0" });
    expect(chart.commit).toBe(await digestTree(chart.dir, new AbortController().signal));
    expect(await world.fetch(`${reference}:0.1.0`, { commit: chart.commit })).toEqual(chart);
    const other = `sha256:${"0".repeat(64)}`;
    await expect(world.fetch(reference, { commit: other })).rejects.toMatchObject({ code: "CHART_CHANGED" });
    const refusal = { code: "OUTAGE", status: 404, hint: expect.stringContaining("CHART_SOURCE") };
    await expect(world.fetch(`${reference}:9.9.9`)).rejects.toMatchObject(refusal);
    await registry.close();
    await expect(world.fetch(reference)).rejects.toMatchObject({ code: "OUTAGE", status: undefined });
  });

  it("whose archive drips for ever is an outage at its total limit", async () => {
    const server = createHttpServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 1_000_000 });
      const drip = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const fetching = world.fetch(`oci://127.0.0.1:${port}/charts/powo`, { totalMs: 1_000 });
    await expect(fetching).rejects.toMatchObject({
      ...{ code: "OUTAGE", dependency: "the chart source" },
      message: expect.stringContaining("could not fetch the chart within"),
    });
    server.closeAllConnections();
    server.close();
  });
});
