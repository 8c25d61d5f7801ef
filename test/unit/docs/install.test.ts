/**
 * What docs/install.md tells people to type, typed: Helm against a registry, kubectl without a cluster; docker, cosign and gcloud are
 * noted down. Its commands for a cluster, uninstalling above all, run in test/e2e/chart/docs.test.ts. Every YAML of the pages about
 * the chart is rendered with it.
 */
import { appendFile, chmod, cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import {
  chartDir,
  environmentOf,
  fieldValues,
  podOf,
  renderChart,
  requireObject,
  type Manifest,
  type Values,
} from "../chart/render.ts";
import { requireBinaries } from "../../tools/binaries.ts";
import { startPushedRegistry, type PushedRegistry } from "../../tools/pushed-registry.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const root = path.join(chartDir, "..");
const pageOf = (file: string) => readFile(path.join(root, file), "utf8");
const install = await pageOf("docs/install.md");
const blocksOf = (page: string, kind: string) =>
  [...page.matchAll(new RegExp(`^ *\`\`\`${kind}\\n([^]*?)^ *\`\`\``, "gm"))].map(([, text = ""]) => text);
const commands = blocksOf(install, "sh");
const commandWith = (words: string) => {
  const found = commands.filter((text) => text.includes(words));
  if (found.length !== 1) throw new Error(`${found.length} blocks of docs/install.md have ${words}`);
  return found[0]!;
};
const digest = `sha256:${"d".repeat(64)}`;

/** An operator's values without any secret of their own. */
async function openValues(changes: Values = {}): Promise<Values> {
  const { password: _, sa: __, ...values } = await fieldValues();
  return { ...values, existingSecret: "powo-passwords", ...changes };
}

describe("the commands", () => {
  let directory: string;
  let registry: PushedRegistry;
  let tools: string;

  /** A program that writes down how it was called. */
  async function note(name: string, script = ""): Promise<void> {
    const file = path.join(tools, name);
    await writeFile(file, `#!/bin/sh\necho "${name} $*" >> ${directory}/noted\n${script}`);
    await chmod(file, 0o755);
  }
  const noted = async () => (await readFile(path.join(directory, "noted"), "utf8")).trim().split("\n");
  const type = async (text: string) => {
    const here = text
      .replaceAll(/registry\.(example\.org|gitlab\.com)/g, registry.host)
      .replaceAll("GROUP/PROJECT", "group/project");
    const env = {
      PATH: `${tools}:${process.env["PATH"]}`,
      HELM_REGISTRY_CONFIG: path.join(directory, "login.json"),
      REGISTRY_TOKEN: "t",
    };
    const { stdout } = await execa("bash", ["-euo", "pipefail", "-c", here], { cwd: directory, env });
    return stdout;
  };
  const objectsIn = (text: string): Manifest[] =>
    parseAllDocuments(text)
      .map((document): Manifest => document.toJS())
      .filter(Boolean);

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "powo-install-"));
    tools = path.join(directory, "bin");
    await mkdir(tools);
    registry = await startPushedRegistry();
    const { helm, kubectl } = await requireBinaries();
    // Plain HTTP, for the registry is on loopback; and nothing is installed, for there is no cluster.
    await note(
      "helm",
      `case "$1" in install) shift; set -- template "$@";; esac
      case "$*" in *oci://*|"registry login"*) set -- "$@" --plain-http;; esac
      exec ${helm} "$@"\n`,
    );
    await note("kubectl", `exec ${kubectl} "$@" --dry-run=client -o yaml\n`);
    await note("npm");
    for (const name of ["docker", "cosign", "gcloud"]) await note(name);
    await cp(chartDir, path.join(directory, "chart"), { recursive: true });
    await writeFile(path.join(directory, "prod.yaml"), JSON.stringify(await openValues()));
    for (const file of ["secrets.yaml", "id_ed25519", "config.json", "service-account.json", "url"])
      await writeFile(path.join(directory, file), "{}\n");
  });
  afterAll(async () => {
    await registry.close();
    await removeFolder(directory);
  });

  test("push an image and a chart, and install both from there", async () => {
    await type(commandWith("helm package"));
    expect(registry.tags()).toContain("powo/charts/powo-builder:1.0.0");
    const objects = objectsIn(await type(commandWith("helm install")));
    const image = podOf(objects).spec.containers[0].image as string;
    expect(image).toBe(`${registry.host}/powo/builder:1.0.0`);
    expect(await noted()).toContain(`docker push ${registry.host}/powo/builder:1.0.0`);
  });

  test("copy the published ones, the image by the digest that the chart names", async () => {
    const { helm } = await requireBinaries();
    const published = path.join(directory, "published");
    const plain = { cwd: published };
    await cp(chartDir, path.join(published, "chart"), { recursive: true });
    await appendFile(path.join(published, "chart/Chart.yaml"), `  powo.kew.org/image-digest: ${digest}\n`);
    await execa(helm, ["package", "chart"], plain);
    const target = `oci://${registry.host}/group/project/charts`;
    await execa(helm, ["push", "powo-builder-1.0.0.tgz", target, "--plain-http"], plain);
    await type(commandWith("cosign copy"));
    expect(await noted()).toContain(
      `cosign copy ${registry.host}/group/project@${digest} ${registry.host}/powo/builder:1.0.0`,
    );
  });

  test("make the Secrets that the values below them name, with the keys that the pod reads", async () => {
    const made = objectsIn(
      (await type(commandWith("create secret"))).replaceAll(/^apiVersion/gm, "---\napiVersion"),
    );
    const keys = new Map(
      made
        .filter(({ kind }) => kind === "Secret")
        .map(({ metadata, data }) => [metadata.name, Object.keys(data)]),
    );
    const values = blocksOf(install, "yaml").find((text) => text.includes("knownHosts"))!;
    const pod = podOf(await renderChart(await openValues(parse(values))));
    const volumes: Manifest[] = pod.spec.volumes.flatMap(
      (volume: Manifest) => volume.projected?.sources ?? [],
    );
    const wanted = volumes.filter(({ secret }) => secret).map(({ secret }) => secret);
    expect(wanted.length).toBe(4);
    for (const { name, items } of wanted)
      for (const { key } of items) expect({ name, keys: keys.get(name) }).toEqual({ name, keys: [key] });
    expect(keys.get(environmentOf(pod)["NOTIFY_WEBHOOK_URL"] ? "powo-webhook" : "")).toEqual(["url"]);
  });

  test("let the pod's own account, and no other, be the Google account that the values name", async () => {
    await type(commandWith("gcloud iam"));
    const [values = ""] = blocksOf(install, "yaml").filter((text) => /^workloadIdentity: true$/m.test(text));
    const objects = await renderChart(await openValues(parse(values)));
    const account = requireObject(objects, "ServiceAccount", "builder");
    const google = account.metadata.annotations["iam.gke.io/gcp-service-account"] as string;
    const asked = (await noted()).filter((line) => line.startsWith("gcloud"));
    expect(asked[0]).toContain(`create ${google.split("@")[0]} `);
    expect(asked[1]).toMatch(
      new RegExp(`example-project .*--role roles/dns.admin --member serviceAccount:${google}$`),
    );
    const { namespace, name } = account.metadata;
    expect(asked[2]).toBe(
      `gcloud iam service-accounts add-iam-policy-binding ${google} --role roles/iam.workloadIdentityUser ` +
        `--member serviceAccount:example-project.svc.id.goog[${namespace}/${name}]`,
    );
    expect(environmentOf(podOf(objects))).toMatchObject({ G_PROJECT: parse(values).project, G_USER: google });
    expect(environmentOf(podOf(objects))).not.toHaveProperty("GOOGLE_APPLICATION_CREDENTIALS");
  });
});

describe("every YAML", async () => {
  const pages = [
    "docs/install.md",
    "docs/chart.md",
    "docs/network.md",
    "docs/operations.md",
    "chart/README.md",
  ];
  const blocks = await Promise.all(
    pages.map(async (page) => blocksOf(await pageOf(page), "yaml").map((text) => ({ page, text }))),
  );
  const documents = blocks.flat().flatMap(({ page, text }) =>
    parseAllDocuments(text).map((document) => {
      if (document.errors.length > 0) throw new Error(`${page}: ${document.errors[0]?.message}\n${text}`);
      return { page, object: document.toJS() };
    }),
  );
  const manifests = documents.filter(({ object }) => object.apiVersion !== undefined);
  const kinds = (kind: string) =>
    manifests.filter(({ object }) => object.kind === kind).map(({ object }) => object);

  test("that is values is taken by the chart", async () => {
    const values = documents.filter(({ object }) => object.apiVersion === undefined);
    expect(values.length).toBeGreaterThan(4);
    for (const { object } of values)
      expect((await renderChart(await openValues(object))).length).toBeGreaterThan(10);
  });

  test("that is a manifest is of a kind that this test knows", () => {
    expect(new Set(manifests.map(({ object }) => object.kind))).toEqual(
      new Set(["ExternalSecret", "Application", "OCIRepository", "HelmRelease"]),
    );
    for (const { object } of manifests) expect(object.metadata.name).toMatch(/^[a-z-]+$/);
  });

  test("of Argo CD and Flux has values that are enough, and names one chart", async () => {
    const [application] = kinds("Application");
    const [release] = kinds("HelmRelease");
    const [repository] = kinds("OCIRepository");
    const { source, destination } = application.spec;
    expect(application.spec.source.helm.valuesObject).toEqual(release.spec.values);
    expect(`oci://${source.repoURL}/${source.chart}`).toBe(repository.spec.url);
    expect(source.targetRevision).toBe(parse(await pageOf("chart/Chart.yaml")).version);
    expect([source.helm.releaseName, destination.namespace]).toEqual([
      release.spec.releaseName,
      release.metadata.namespace,
    ]);
    expect(release.spec.chartRef).toEqual({ kind: repository.kind, name: repository.metadata.name });
    const objects = await renderChart(release.spec.values, { namespace: destination.namespace });
    expect(podOf(objects).spec.containers[0].image).toBe("registry.example.org/powo/builder:1.0.0");
    expect(objects.some(({ kind }) => kind === "Secret")).toBe(false);
  });

  test("of the External Secrets Operator makes the Secret that the chart reads", async () => {
    const [{ metadata, spec }] = kinds("ExternalSecret");
    const pod = podOf(await renderChart(await openValues({ existingSecret: spec.target.name })));
    const sources: Manifest[] = pod.spec.volumes.flatMap(
      (volume: Manifest) => volume.projected?.sources ?? [],
    );
    const { secret } = sources.find((source) => source.secret?.name === spec.target.name);
    expect(spec.data.map(({ secretKey }: Manifest) => secretKey)).toEqual(
      secret.items.map(({ key }: Manifest) => key),
    );
    expect(metadata.namespace).toBe("builder-prod");
  });
});

test("each figure of docs/install.md's sizes is the chart's own", async () => {
  const values = parse(await pageOf("chart/values.yaml"));
  const rows = [...install.matchAll(/^\| `(resources\.[\w.-]+|tmpSizeLimit)` +\| (\w+) +\|/gm)];
  expect(rows.length).toBe(5);
  for (const [, name = "", figure] of rows) {
    const value = name.split(".").reduce((at: Values, key) => at[key] as Values, values);
    expect({ name, value }).toEqual({ name, value: figure });
  }
});

test("each page that it leads to has that heading", async () => {
  const links = [...install.matchAll(/\]\(([\w./-]*)(?:#([\w-]+))?\)/g)];
  expect(links.length).toBeGreaterThan(8);
  for (const [, file = "", anchor] of links) {
    const page = file === "" ? install : await pageOf(path.join("docs", file));
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    if (anchor !== undefined) expect(headings, file).toContain(anchor);
  }
});
