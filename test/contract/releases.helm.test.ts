/** Helm on the Kubernetes emulator, or on the cluster that POWO_CONTRACT_KUBECONFIG points at. */
import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { createReleases } from "../../src/adapters/helm/index.ts";
import { startKubernetes } from "../sandbox/kubernetes/index.ts";
import { requireBinaries } from "../tools/binaries.ts";
import { describeReleases, type ReleasesWorld } from "./releases.ts";
import { removeFolder } from "../tools/remove-folder.ts";

async function world(kubeconfig: string, stop: () => Promise<void>): Promise<ReleasesWorld> {
  const { helm, kubectl } = await requireBinaries();
  const workDir = await mkdtemp(path.join(tmpdir(), "powo-helm-"));
  return {
    releases: createReleases({ bin: helm, workDir, env: process.env, kubeconfig }),
    helm,
    kubeconfig,
    async kubectl(args) {
      const env = { PATH: process.env["PATH"], HOME: workDir, KUBECONFIG: kubeconfig };
      return (await promisify(execFile)(kubectl, [...args], { env })).stdout;
    },
    async close() {
      await stop();
      await removeFolder(workDir);
    },
  };
}

const given = process.env["POWO_CONTRACT_KUBECONFIG"];
if (given !== undefined && given !== "") {
  describeReleases("helm on a given cluster", () => world(given, () => Promise.resolve()));
} else {
  describeReleases("helm on the emulator", async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "powo-kubernetes-"));
    const cluster = await startKubernetes({ dir });
    return world(cluster.kubeconfig, async () => {
      await cluster.stop();
      await removeFolder(dir);
    });
  });
}
