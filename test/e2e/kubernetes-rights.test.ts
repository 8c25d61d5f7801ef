/** What the Kubernetes adapters make of a real API server's permissions, which the emulator doesn't have. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type KubernetesConnection } from "../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../src/adapters/kubernetes/cluster.ts";
import { TransientError } from "../../src/errors.ts";
import { createKubernetesBench, type KubernetesBench } from "../contract/kubernetes-bench.ts";

const kubeconfig = process.env.KUBECONFIG;
if (!kubeconfig) throw new Error("KUBECONFIG has to point at a test cluster");

describe("a builder with few rights", () => {
  let bench: KubernetesBench;
  let poor: KubernetesConnection;
  const kubectl = (...args: string[]) => bench.clients.kubectl([...args, "-n", bench.namespace]);

  beforeAll(async () => {
    bench = await createKubernetesBench(kubeconfig);
    await kubectl("create", "serviceaccount", "poor");
    const config = JSON.parse(await kubectl("config", "view", "--raw", "--minify", "-o", "json"));
    config.users[0].user = { token: await kubectl("create", "token", "poor") };
    const file = path.join(await mkdtemp(path.join(tmpdir(), "rights-")), "kubeconfig");
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    poor = connect({ kubeconfig: file, namespace: bench.namespace });
  });
  afterAll(async () => {
    poor.close();
    await bench.stop();
  });

  it("hears which right is missing", async () => {
    const error = await createCluster(poor)
      .observe(bench.namespace)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({
      status: 403,
      message: expect.stringMatching(/^not allowed to list \S+ in namespace ports-/),
      details: [expect.stringContaining(`system:serviceaccount:${bench.namespace}:poor`)],
    });
  });

  it("finds out what it may not do, in the order of the question", async () => {
    const namespace = bench.namespace;
    const right = (verb: string, resource: string) => ({ verb, group: "", resource, namespace });
    const rights = ["get", "list", "create", "delete", "patch"].map((verb) => right(verb, "pods"));
    const mayAsk = { verb: "create", group: "authorization.k8s.io", resource: "selfsubjectaccessreviews" };
    expect(await createCluster(poor).denied([...rights, mayAsk])).toEqual(rights);
  });

  it("may look into the namespace as soon as it was given access", async () => {
    const giver = createCluster(bench.connection, { serviceAccount: "poor", releaseRole: "edit" });
    await giver.ensureAccess(bench.namespace);
    await bench.clients.eventually(async () => {
      expect((await createCluster(poor).observe(bench.namespace)).pods).toEqual([]);
    });
  });

  it("tells a namespace that is going from a missing right", async () => {
    const cluster = createCluster(bench.connection, { serviceAccount: "poor", releaseRole: "view" });
    const name = `${bench.namespace}-going`;
    const { uid } = await cluster.ensureNamespace(name, {});
    const metadata = { name: "kept", namespace: name, finalizers: ["example.test/kept"] };
    await bench.clients.apply({ apiVersion: "v1", kind: "ConfigMap", metadata });
    await cluster.deleteNamespace(name, uid);
    await expect(cluster.ensureAccess(name)).rejects.toBeInstanceOf(TransientError);
    await bench.clients.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { ...metadata, finalizers: [] },
    });
  });
});
