/** Every command block of the operators' pages, typed as it stands, one after the other. */
import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execa } from "execa";
import { requireBinaries } from "../../tools/binaries.ts";
import { asAdmin, chartDir, helmRun, makeBuilder, releaseLabels, simulated, until } from "./cluster.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const builder = makeBuilder("doc");
const { environment: env, namespace: own } = builder;
const docs = path.join(chartDir, "../docs");
/** The releases that the pages speak of: what is live, and what a run builds. */
const releases = ["prod-j8x91", "prod-k3m7q"];
/**
 * Needs what simulated pods don't have, or what is not the cluster's: registries and Google are typed in
 * test/unit/docs/install.test.ts, the plugin in test/e2e/in-cluster.
 */
const elsewhere =
  /port-forward|docker build|oci:|gcloud|create secret|clusterrolebinding|delete pod|kubectl (powo|krew)/;

interface Block {
  line: number;
  text: string;
}

/** The blocks marked `sh` of a page, with a line number to find them by. */
async function blocksOf(page: string): Promise<Block[]> {
  const text = await readFile(path.join(docs, page), "utf8");
  return [...text.matchAll(/^ *```sh\n([^]*?)^ *```/gm)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length + 1,
    text: match[1]!.replaceAll(/^ {3}/gm, ""),
  }));
}

const here = (text: string) =>
  text
    .replaceAll("builder-prod", own)
    .replaceAll("powo-builder-prod", `powo-builder-${env}`)
    .replaceAll(/\bprod-(?=[a-z0-9]{5}\b)/g, `${env}-`)
    .replaceAll("environment=prod", `environment=${env}`)
    .replaceAll(/\^(namespace\/)?prod-/g, `^$1${env}-`);

/** What each page's commands act on, as it would be there. */
async function prepare(): Promise<void> {
  for (const release of releases.map(here)) {
    const tiny = path.join(chartDir, "../test/fixtures/tiny-chart");
    expect(await helmRun(["install", release, tiny, "-n", release, "--create-namespace"])).toMatchObject({
      exitCode: 0,
    });
    const labels = Object.entries(releaseLabels(env)).map(([key, value]) => `${key}=${value}`);
    await asAdmin(["label", "namespace", release, ...labels]);
    await asAdmin(["create", "deployment", "harvester", "--image=example.test/harvester:1", "-n", release]);
  }
  await asAdmin(["create", "configmap", `powo-builder-${env}`, "-n", own]);
  await asAdmin(["create", "job", "builder-29384756", "--from=cronjob/builder", "-n", own]);
}

describe.skipIf(!simulated)("on simulated nodes", () => {
  let directory: string;
  let shell: { cwd: string; env: Record<string, string>; reject: false };
  beforeAll(async () => {
    await builder.install();
    await prepare();
    directory = await mkdtemp(path.join(tmpdir(), "powo-docs-"));
    await symlink(chartDir, path.join(directory, "chart"));
    await mkdir(path.join(directory, "powo"));
    await writeFile(path.join(directory, "prod.yaml"), JSON.stringify({ ...builder.values, suspend: false }));
    await writeFile(path.join(directory, "secrets.yaml"), "{}");
    const { dir } = await requireBinaries();
    shell = { cwd: directory, env: { PATH: `${dir}:${process.env["PATH"]}` }, reject: false };
  });
  afterAll(async () => {
    await builder.remove();
    await removeFolder(directory);
  });

  async function type(text: string): Promise<void> {
    // A Job's name can be used once: the pages name theirs again, as another day would.
    for (const job of namesIn(text)) await asAdmin(["delete", "job", job, "-n", own, "--ignore-not-found"]);
    const options = { ...shell, all: true, timeout: 120_000 } as const;
    const { exitCode, all } = await execa("bash", ["-euo", "pipefail", "-c", here(text)], options);
    expect({ exitCode, all }).toMatchObject({ exitCode: 0 });
    expect(all).not.toMatch(/No resources found|Error/);
  }

  describe.each(["operations.md", "chart.md", "migration.md"])("docs/%s", async (page) => {
    const blocks = (await blocksOf(page)).filter(({ text }) => !elsewhere.test(text));

    test("has commands", () => expect(blocks.length).toBeGreaterThan(1));

    test.each(blocks)("line $line", ({ text }) => type(text));
  });

  test("one run of the past is asked for by its name in the arguments of the Job", async () => {
    const job = await until(
      "the Job",
      () => asAdmin(["get", "job", "history-2", "-n", own, "-o", "json"]),
      Boolean,
    );
    const [container] = JSON.parse(job).spec.template.spec.containers;
    expect(container.args).toEqual(["history", "prod-20261122-1200"]);
  });

  describe("docs/install.md uninstalls for good", async () => {
    const blocks = (await blocksOf("install.md")).filter(({ text }) => !elsewhere.test(text));

    test.each(blocks)("line $line", ({ text }) => type(text));

    test("and nothing of the environment is left in the cluster", async () => {
      expect(blocks).toHaveLength(4);
      const kinds =
        "namespaces,clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings";
      const left = async () => (await asAdmin(["get", kinds, "-A", "-o", "name"])).split("\n");
      expect(
        await until("an empty cluster", left, (names) => !names.some((name) => name.includes(env))),
      ).not.toEqual([]);
    });
  });
});

/** The Jobs that a block makes. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/kubectl create job (\S+)/g)].map(([, name]) => name!);
}
