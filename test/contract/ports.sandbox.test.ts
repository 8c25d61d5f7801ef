/** The Kubernetes adapters on the emulator. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { startKubernetes, type SandboxCluster } from "../sandbox/kubernetes/index.ts";
import { removeFolder } from "../tools/remove-folder.ts";
import { describeCluster } from "./cluster.ts";
import { createClusterBench, createLeaseStoreBench, createStateStoreBench } from "./kubernetes-bench.ts";
import { describeKubernetesDetails } from "./kubernetes-details.ts";
import { describeLeaseStore } from "./lease-store.ts";
import { describeStateStore } from "./state-store.ts";

let sandbox: SandboxCluster;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "sandbox-"));
  sandbox = await startKubernetes({ dir, seed: 1 });
});
afterAll(async () => {
  await sandbox.stop();
  await removeFolder(dir);
});

describeStateStore("the ConfigMap", () => createStateStoreBench(sandbox.kubeconfig));
describeLeaseStore("the Lease", () => createLeaseStoreBench(sandbox.kubeconfig));
describeCluster("the emulator", () => createClusterBench(sandbox.kubeconfig));
describeKubernetesDetails(() => sandbox.kubeconfig);
