import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../../../src/adapters/kubernetes/cluster.ts";
import { TransientError } from "../../../../src/errors.ts";
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

const access = { serviceAccount: "builder", releaseRole: "release" };

test("a binding counts when the API server has seen it, though some of its rights were there before", async () => {
  const connection = connect({ kubeconfig: kubernetes.kubeconfig, namespace: "default" });
  const cluster = createCluster(connection, access);
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

test("a binding that never works is an outage, with a pause after each look", async () => {
  const connection = connect({ kubeconfig: kubernetes.kubeconfig, namespace: "default" });
  const pauses: number[] = [];
  let looks = 0;
  const sleep = async (ms: number) => void pauses.push(ms);
  const cluster = createCluster(connection, { ...access, sleep });
  await cluster.ensureNamespace("prod-bbbbb", {});
  kubernetes.deny(() => {
    looks += 1;
    return true;
  });
  const error = await cluster.ensureAccess("prod-bbbbb").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TransientError);
  expect(error).toMatchObject({
    message: expect.stringContaining("still refuses builder the rights of release in namespace prod-bbbbb"),
    hint: expect.stringContaining("kubectl get rolebinding powo-builder -n prod-bbbbb"),
  });
  expect(pauses).toHaveLength(looks);
  expect(pauses.every((ms) => ms > 0)).toBe(true);
  connection.close();
});
