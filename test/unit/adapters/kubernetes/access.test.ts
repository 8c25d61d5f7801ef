import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, createCluster } from "../../../../src/adapters/kubernetes/index.ts";
import { startKubernetes, type SandboxCluster } from "../../../sandbox/kubernetes/index.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

let dir: string;
let kubernetes: SandboxCluster;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "access-"));
  kubernetes = await startKubernetes({ dir });
});
afterAll(async () => {
  await kubernetes.stop();
  await removeFolder(dir);
});

test("a binding counts when the API server has seen it, though some of its rights were there before", async () => {
  const connection = connect({ kubeconfig: kubernetes.kubeconfig, namespace: "default" });
  const cluster = createCluster(connection, { serviceAccount: "builder", releaseRole: "release" });
  await cluster.ensureNamespace("prod-aaaaa", {});
  // Pods, services and namespaces are seen in the whole cluster.
  let asked = 0;
  kubernetes.deny(({ resource = "" }) => {
    asked += 1;
    return !["pods", "services", "namespaces"].includes(resource) && asked < 2;
  });
  await cluster.ensureAccess("prod-aaaaa");
  expect(asked).toBe(2);
  connection.close();
});
