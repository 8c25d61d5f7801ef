/** Deletion: preconditions, finalizers, owners, and namespaces that end. */
/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment --
   client-node's models are classes in name only: it takes literals everywhere, and gives them back. */
import { expect, it } from "vitest";
import type { Bench } from "./kubernetes-api.ts";
import type { Json } from "./kubernetes-api-clients.ts";
import { deployment } from "./kubernetes-api-changes.ts";
import { configMap } from "./kubernetes-api-reading.ts";

export function describeDeletion(bench: () => Bench): void {
  it("deletes only what the caller means", async () => {
    const { clients, namespace } = bench();
    const { metadata } = await clients.core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: "meant" } },
    });
    const remove = (preconditions: object) =>
      clients.core.deleteNamespacedConfigMap({ name: "meant", namespace, body: { preconditions } });
    await expect(remove({ uid: "00000000-0000-0000-0000-000000000000" })).rejects.toMatchObject({
      code: 409,
    });
    await expect(remove({ resourceVersion: "1" })).rejects.toMatchObject({ code: 409 });
    const answer = await remove({ uid: metadata?.uid, resourceVersion: metadata?.resourceVersion });
    expect(answer).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "meant", kind: "configmaps" },
    });
    await expect(clients.core.deleteNamespacedConfigMap({ name: "meant", namespace })).rejects.toMatchObject({
      code: 404,
    });
  });

  it("keeps what has a finalizer until that is taken off", async () => {
    const { clients, namespace } = bench();
    await clients.apply(configMap(namespace, "held", { finalizers: ["powo.test/hold"] }));
    await clients.kubectl(["delete", "configmap", "held", "-n", namespace, "--wait=false"]);
    const held = await clients.core.readNamespacedConfigMap({ name: "held", namespace });
    expect(held.metadata?.deletionTimestamp).toBeInstanceOf(Date);
    const add = '{"metadata":{"finalizers":["powo.test/hold","powo.test/more"]}}';
    expect(
      await clients.kubectlError(["patch", "configmap", "held", "-n", namespace, "--type=merge", "-p", add]),
    ).toContain("no new finalizers can be added");
    await clients.kubectl([
      "patch",
      "configmap",
      "held",
      "-n",
      namespace,
      "--type=merge",
      "-p",
      '{"metadata":{"finalizers":null}}',
    ]);
    expect(await clients.kubectlError(["get", "configmap", "held", "-n", namespace])).toContain("NotFound");
  });

  it("collects what lost its owner", async () => {
    const { clients, namespace } = bench();
    const owner = await clients.core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: "owner" } },
    });
    const ownerReferences = [
      { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata?.uid ?? "" },
    ];
    await clients.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: "owned", ownerReferences } },
    });
    await clients.kubectl(["delete", "configmap", "owner", "-n", namespace]);
    await clients.eventually(() => clients.kubectlError(["get", "secret", "owned", "-n", namespace]));
  });

  it("leaves a Deployment's pods when told to orphan them, and waits for them in the foreground", async () => {
    const { clients, namespace } = bench();
    await clients.apply(deployment(namespace, "parent"));
    await clients.kubectl(["rollout", "status", "deployment/parent", "-n", namespace, "--timeout=20s"]);
    await clients.kubectl(["delete", "deployment", "parent", "-n", namespace, "--cascade=orphan"]);
    const [set] = JSON.parse(
      await clients.kubectl(["get", "rs", "-n", namespace, "-l", "app=parent", "-o", "json"]),
    ).items as Json[];
    expect(set.metadata.ownerReferences).toBeUndefined();
    await clients.kubectl(["delete", "rs", "-n", namespace, "-l", "app=parent", "--cascade=foreground"]);
    expect(await clients.kubectl(["get", "rs,pods", "-n", namespace, "-l", "app=parent", "-o", "name"])).toBe(
      "",
    );
  });

  it("ends a namespace with all that is in it", async () => {
    const { clients, namespace } = bench();
    const name = `${namespace}-full`;
    await clients.kubectl(["create", "namespace", name]);
    await clients.apply(deployment(name, "web"));
    await clients.kubectl(["rollout", "status", "deployment/web", "-n", name, "--timeout=20s"]);
    await clients.kubectl(["delete", "namespace", name, "--timeout=40s"]);
    expect(await clients.kubectlError(["get", "namespace", name])).toContain("NotFound");
  });

  it("says why a namespace does not end, and refuses new content in it", async () => {
    const { clients, namespace } = bench();
    const name = `${namespace}-stuck`;
    await clients.kubectl(["create", "namespace", name]);
    await clients.apply(configMap(name, "held", { finalizers: ["powo.test/hold"] }));
    await clients.kubectl(["delete", "namespace", name, "--wait=false"]);
    const conditions = await clients.eventually(async () => {
      const { status } = JSON.parse(await clients.kubectl(["get", "namespace", name, "-o", "json"]));
      expect(status.phase).toBe("Terminating");
      const found = Object.fromEntries((status.conditions as Json[]).map((item) => [item.type, item]));
      expect(found.NamespaceFinalizersRemaining?.status).toBe("True");
      return found;
    });
    expect(conditions.NamespaceContentRemaining).toMatchObject({
      status: "True",
      reason: "SomeResourcesRemain",
    });
    expect(conditions.NamespaceContentRemaining.message).toContain("configmaps. has 1 resource instances");
    expect(conditions.NamespaceFinalizersRemaining.message).toContain(
      "powo.test/hold in 1 resource instances",
    );
    expect(await clients.kubectlError(["create", "configmap", "new", "-n", name])).toContain(
      `forbidden: unable to create new content in namespace ${name} because it is being terminated`,
    );
    await clients.kubectl([
      "patch",
      "configmap",
      "held",
      "-n",
      name,
      "--type=merge",
      "-p",
      '{"metadata":{"finalizers":null}}',
    ]);
    await clients.kubectl(["wait", "--for=delete", `namespace/${name}`, "--timeout=40s"]);
  });
}
