/** A chart's kubeVersion: preflight's `helm template` judges each range by each cluster exactly as `helm install` does. */
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createReleases } from "../../src/adapters/helm/index.ts";
import { connect } from "../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../src/adapters/kubernetes/cluster.ts";
import { startKubernetes, type SandboxCluster } from "../sandbox/kubernetes/index.ts";
import { requireBinaries } from "../tools/binaries.ts";
import { removeFolder } from "../tools/remove-folder.ts";
import { matrixSeed } from "./matrix.ts";

const tinyChart = path.resolve(import.meta.dirname, "../fixtures/tiny-chart");
const builderChart = path.resolve(import.meta.dirname, "../../chart");
const { signal } = new AbortController();

let dir: string;
let kubernetes: SandboxCluster;
let helm: string;
let charts = 0;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "powo-kube-version-"));
  kubernetes = await startKubernetes({ dir, seed: matrixSeed });
  helm = (await requireBinaries()).helm;
});
afterAll(async () => {
  await kubernetes.stop();
  await removeFolder(dir);
});

async function chartFor(range: string): Promise<string> {
  const chartDir = path.join(dir, `chart-${(charts += 1)}`);
  await cp(tinyChart, chartDir, { recursive: true });
  const file = path.join(chartDir, "Chart.yaml");
  await writeFile(file, `${(await readFile(file, "utf8")).trimEnd()}\nkubeVersion: "${range}"\n`);
  return chartDir;
}

function beCluster(gitVersion: string): void {
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  kubernetes.faults.clear();
  kubernetes.faults.add(({ path: asked }) => asked === "/version", {
    ...{ kind: "status", status: 200, headers: { "content-type": "application/json" } },
    body: JSON.stringify({ major, minor, gitVersion, platform: "linux/amd64" }),
  });
}

const accepted = (work: Promise<unknown>) =>
  work.then(
    () => true,
    (error: unknown) => {
      const { problems, details } = error as { problems?: { what: string }[]; details?: string[] };
      expect([...(problems ?? []).map(({ what }) => what), ...(details ?? [])].join(" ")).toContain(
        "kubeVersion",
      );
      return false;
    },
  );

const clusters = ["v1.35.3-gke.1200", "v1.35.3", "v1.24.17-gke.100", "v1.36.0"];
const ranges: [string, boolean[]][] = [
  [">=1.25.0", [false, true, false, true]],
  [">=1.25.0-0", [true, true, false, true]],
  ["<1.36.0-0", [true, true, true, false]],
  [">=1.25.0-0 <1.36.0-0", [true, true, false, false]],
  // The builder's own chart.
  [
    parse(await readFile(path.join(builderChart, "Chart.yaml"), "utf8")).kubeVersion,
    [true, true, false, true],
  ],
];

describe("a chart's kubeVersion", () => {
  it.each(ranges)("of %s is judged at preflight as at install", async (range, expected) => {
    const { kubeconfig } = kubernetes;
    const releases = createReleases({ bin: helm, workDir: dir, env: process.env, kubeconfig });
    const chartDir = await chartFor(range);
    const judged: { gitVersion: string; rendered: boolean; installed: boolean }[] = [];
    for (const gitVersion of clusters) {
      beCluster(gitVersion);
      const connection = connect({ kubeconfig, namespace: "builder" });
      const cluster = createCluster(connection);
      const name = `prod-v${String(judged.length)}${String(charts).padStart(3, "0")}`;
      const chart = { name, chartDir, valuesFiles: [], timeoutMs: 30_000 };
      const capabilities = await cluster.capabilities();
      expect(capabilities.kubeVersion).toBe(gitVersion);
      const rendered = await accepted(releases.render({ ...chart, capabilities }, signal));
      await cluster.ensureNamespace(name, {});
      judged.push({ gitVersion, rendered, installed: await accepted(releases.install(chart, signal)) });
      connection.close();
    }
    expect(judged).toEqual(
      clusters.map((gitVersion, at) => ({ gitVersion, rendered: expected[at], installed: expected[at] })),
    );
  });
});
