/** What must not be taken for something else: a proxy's 404 for "nothing there", no kubeconfig for localhost. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { connect } from "../../../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../../../src/adapters/kubernetes/cluster.ts";
import { createStateStore } from "../../../../src/adapters/kubernetes/state-store.ts";
import { ConfigError, ConflictError, TransientError } from "../../../../src/errors.ts";
import { startKubernetes, type SandboxCluster } from "../../../sandbox/kubernetes/index.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

let sandbox: SandboxCluster;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "misreadings-"));
  sandbox = await startKubernetes({ dir, seed: 1 });
});
afterEach(() => {
  sandbox.faults.clear();
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await sandbox.stop();
  await removeFolder(dir);
});

const open = () => connect({ kubeconfig: sandbox.kubeconfig, timeoutMs: 1000 });

describe("the connection to the API server is not taken in", () => {
  it("by a 404 that isn't the API server's word on an object", async () => {
    sandbox.faults.add(() => true, { kind: "status", status: 404, body: "404 page not found\n" });
    const cluster = createCluster(open());
    const store = createStateStore(open(), { environment: "prod" });
    const attempts = [
      () => cluster.findNamespace("default"),
      () => cluster.deleteNamespace("default", "uid"),
      () => cluster.logs("default", "pod", "main", 3),
      () => store.load(),
      () => store.save({ run: {} }, "1"),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toBeInstanceOf(TransientError);
  });

  it("by a slash at the end of the server's address", async () => {
    const kubeconfig = path.join(dir, "slash");
    await writeFile(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: "c", cluster: { server: `${sandbox.url}/` } }],
        users: [{ name: "u", user: {} }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      }),
    );
    const cluster = createCluster(connect({ kubeconfig }));
    expect(await cluster.findNamespace("default")).toMatchObject({ name: "default" });
    expect(sandbox.requests.at(-1)?.path).toBe("/api/v1/namespaces/default");
  });

  it("by a machine where no cluster is configured", () => {
    vi.stubEnv("HOME", path.join(dir, "nobody"));
    vi.stubEnv("KUBECONFIG", "");
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "");
    expect(() => connect()).toThrow(ConfigError);
  });

  it("by a lost answer: the save had arrived, and the next one finds that out", async () => {
    const store = createStateStore(open(), { environment: "lost-answer" });
    sandbox.faults.add(({ method }) => method === "POST", { kind: "reset-after" }, 1);
    await expect(store.save({ run: { n: 1 } }, undefined)).rejects.toBeInstanceOf(TransientError);
    await expect(store.save({ run: { n: 1 } }, undefined)).rejects.toBeInstanceOf(ConflictError);
    expect((await store.load())?.run).toEqual({ n: 1 });
  });
});
