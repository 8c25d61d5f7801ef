import { execFile } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { generateSecrets } from "../../fixtures/secrets.ts";
import { createInfrastructureRepository } from "../../sandbox/git-repository.ts";
import { requireBinaries } from "../../tools/binaries.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const run = promisify(execFile);
const chart = path.resolve(import.meta.dirname, "../../fixtures/infrastructure/powo");
const secrets = generateSecrets();
let folder: string;
let helm: string;

interface Manifest {
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "infrastructure-"));
  ({ helm } = await requireBinaries());
  await writeFile(path.join(folder, "secrets.yaml"), secrets.text);
});
afterAll(() => removeFolder(folder));

async function render(...values: string[]): Promise<Manifest[]> {
  const files = values.flatMap((file) => ["-f", file]);
  const { stdout } = await run(helm, ["template", "prod-aaaaa", chart, ...files]);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
}
const inChart = (file: string): string => path.join(chart, file);
const inFolder = (file: string): string => path.join(folder, file);
const named = (manifests: Manifest[], kind: string): string[] =>
  manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);

describe("the release chart", () => {
  it("passes helm lint for every environment", async () => {
    for (const values of ["values.yaml", "prod.yaml", "uat.yaml"]) {
      await run(helm, ["lint", "--strict", chart, "-f", inChart(values), "-f", inFolder("secrets.yaml")]);
    }
  });

  it("has the deployments of the real one, with the enabled sites only", async () => {
    const always = ["db", "geodb", "geoserver", "harvester", "ingress", "portal", "solr"];
    const plain = await render(inFolder("secrets.yaml"));
    const prod = await render(inChart("prod.yaml"), inFolder("secrets.yaml"));
    expect(named(plain, "Deployment").toSorted()).toEqual(always);
    const sites = ["ingress-colfungi", "ingress-colplanta", "portal-colfungi", "portal-colplanta"];
    expect(named(prod, "Deployment").toSorted()).toEqual([...always, ...sites].toSorted());
    expect(named(prod, "Service").toSorted()).toEqual(named(prod, "Deployment").toSorted());
    expect(named(prod, "PersistentVolumeClaim")).toEqual(["db", "solr"]);
  });

  it("labels everything with its component and gives the ingresses load balancers", async () => {
    const prod = await render(inChart("prod.yaml"), inFolder("secrets.yaml"));
    for (const { metadata } of prod) expect(metadata.labels["name"]).toBe(metadata.name);
    const balanced = prod.filter(({ kind, spec }) => kind === "Service" && spec?.["type"] === "LoadBalancer");
    expect(balanced.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      "ingress",
      "ingress-colfungi",
      "ingress-colplanta",
    ]);
    for (const { spec } of balanced) expect(spec?.["externalTrafficPolicy"]).toBe("Local");
  });

  it("keeps every password whole in its Secret, and out of everything else", async () => {
    const prod = await render(inChart("prod.yaml"), inFolder("secrets.yaml"));
    for (const [component, password] of Object.entries(secrets.passwords)) {
      const secret = prod.find(({ kind, metadata }) => kind === "Secret" && metadata.name === component);
      expect(Buffer.from(secret?.data?.["password"] ?? "", "base64").toString()).toBe(password);
    }
    const rest = JSON.stringify(prod.filter(({ kind }) => kind !== "Secret"));
    for (const canary of secrets.canaries) expect(rest).not.toContain(canary);
  });

  it("fails with a clear message without the harvester's password", async () => {
    await writeFile(inFolder("partial.yaml"), "password: { db: a, geodb: b, geoserver: c }\n");
    await expect(render(inFolder("partial.yaml"))).rejects.toThrow("password.harvester is required");
  });
});

describe("the infrastructure repository", () => {
  it("is cloned by branch and tag, and moves on with a builder update", async () => {
    const repository = await createInfrastructureRepository(folder);
    const first = await repository.head();
    await repository.tag("v1");
    const second = await repository.setImage("portal", "site-portal:9.9.9", "prod");
    expect(await repository.head()).toBe(second);
    expect(second).not.toBe(first);
    for (const [ref, holds] of [
      ["master", true],
      ["v1", false],
    ] as const) {
      await run("git", ["clone", "--quiet", "--depth", "1", "--branch", ref, repository.url, inFolder(ref)]);
      const values = await readFile(path.join(inFolder(ref), "powo/prod.yaml"), "utf8");
      expect(values.includes("site-portal:9.9.9")).toBe(holds);
    }
  });
});
