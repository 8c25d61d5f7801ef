import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startKubernetes } from "../sandbox/kubernetes/index.ts";
import type { SandboxCluster } from "../sandbox/kubernetes/index.ts";
import { describeKubernetesApi } from "./kubernetes-api.ts";

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startKubernetes({ dir: await mkdtemp(path.join(tmpdir(), "sandbox-")), seed: 1 });
});
afterAll(() => cluster.stop());

describeKubernetesApi("the emulator", () => cluster);

describe("the emulator alone", () => {
  const listConfigMaps = (query: string) =>
    fetch(`${cluster.url}/api/v1/namespaces/default/configmaps?${query}`);

  it("answers 410 to a watch from before the history it has kept", async () => {
    const old = cluster.store.revision;
    cluster.store.compact();
    const text = await (await listConfigMaps(`watch=true&resourceVersion=${old - 1}`)).text();
    expect(JSON.parse(text)).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } });
  });

  it("answers no to the permissions that a test denies", async () => {
    cluster.deny(({ verb, resource }) => verb === "create" && resource === "pods");
    const ask = async (verb: string) => {
      const spec = { resourceAttributes: { verb, resource: "pods", namespace: "default" } };
      const init = {
        method: "POST",
        body: JSON.stringify({ spec }),
        headers: { "content-type": "application/json" },
      };
      const answer = await fetch(
        `${cluster.url}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`,
        init,
      );
      return ((await answer.json()) as { status: { allowed: boolean } }).status.allowed;
    };
    expect([await ask("create"), await ask("get")]).toEqual([false, true]);
    cluster.deny(() => false);
  });

  it("shows faults, and records every request", async () => {
    cluster.faults.add(({ path: at }) => at.endsWith("/configmaps"), { kind: "status", status: 503 }, 1);
    expect((await listConfigMaps("")).status).toBe(503);
    expect((await listConfigMaps("limit=1")).status).toBe(200);
    expect(cluster.requests.slice(-2)).toMatchObject([
      { verb: "list", method: "GET", status: 503 },
      { verb: "list", query: "limit=1", status: 200 },
    ]);
  });

  it("never gives an address twice", async () => {
    const given = new Set<string>();
    const stop = cluster.store.onChange(({ object }) => {
      const ip =
        object.kind === "Service"
          ? (object.status?.loadBalancer?.ingress?.[0]?.ip as string | undefined)
          : undefined;
      if (ip) given.add(`${ip} ${object.metadata.uid}`);
    });
    const post = (kind: string, body: object) =>
      fetch(`${cluster.url}/api/v1/namespaces/default/${kind}`, {
        method: "POST",
        body: JSON.stringify(body),
      });
    await post("pods", {
      metadata: { name: "behind", labels: { app: "a" } },
      spec: { containers: [{ name: "a", image: "a" }] },
    });
    for (const [index, name] of ["one", "two"].entries()) {
      await post("services", {
        metadata: { name },
        spec: { type: "LoadBalancer", selector: { app: "a" }, ports: [{ port: 80 }] },
      });
      await expect.poll(() => given.size, { timeout: 5_000 }).toBe(index + 1);
      await fetch(`${cluster.url}/api/v1/namespaces/default/services/${name}`, { method: "DELETE" });
    }
    stop();
    expect(new Set([...given].map((entry) => entry.split(" ")[0])).size).toBe(2);
  });
});
