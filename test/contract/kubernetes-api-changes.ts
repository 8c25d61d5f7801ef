/** Writing: patches, apply, conflicts, validation, limits. */
/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment, @typescript-eslint/no-misused-spread --
   client-node's models are classes in name only: it takes literals everywhere, and gives them back. */
import { PatchStrategy, V1MicroTime, setHeaderOptions } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import type { Bench } from "./kubernetes-api.ts";
import type { Json } from "./kubernetes-api-clients.ts";
import { configMap } from "./kubernetes-api-reading.ts";

export function describeChanges(bench: () => Bench): void {
  const get = async (kind: string, name: string): Promise<Json> =>
    JSON.parse(await bench().clients.kubectl(["get", kind, name, "-n", bench().namespace, "-o", "json"]));
  const apply = (object: object, ...flags: string[]) =>
    bench().clients.kubectl(["apply", "--server-side", ...flags, "-f", "-"], JSON.stringify(object));

  it("applies and prunes on the client's side", async () => {
    const { clients, namespace } = bench();
    await clients.apply(configMap(namespace, "classic", {}, { data: { a: "1", b: "2" } }));
    await clients.apply(configMap(namespace, "classic", {}, { data: { a: "3" } }));
    expect((await get("configmap", "classic")).data).toEqual({ a: "3" });
  });

  it("removes what a manager no longer applies, and leaves what others own", async () => {
    const { clients, namespace } = bench();
    await apply(configMap(namespace, "owned", {}, { data: { a: "1", b: "2" } }), "--field-manager=one");
    await clients.kubectl([
      "patch",
      "configmap",
      "owned",
      "-n",
      namespace,
      "--type=merge",
      "-p",
      '{"data":{"c":"3"}}',
    ]);
    await apply(configMap(namespace, "owned", {}, { data: { a: "1" } }), "--field-manager=one");
    expect((await get("configmap", "owned")).data).toEqual({ a: "1", c: "3" });
  });

  it("refuses to take over another manager's field, unless forced", async () => {
    const { clients, namespace } = bench();
    await apply(configMap(namespace, "disputed", {}, { data: { a: "1" } }), "--field-manager=one");
    const other = configMap(namespace, "disputed", {}, { data: { a: "2" } });
    const refusal = await clients.kubectlError(
      ["apply", "--server-side", "--field-manager=two", "-f", "-"],
      JSON.stringify(other),
    );
    expect(refusal).toContain('Apply failed with 1 conflict: conflict with "one": .data.a');
    await apply(other, "--field-manager=two", "--force-conflicts");
    expect((await get("configmap", "disputed")).data).toEqual({ a: "2" });
  });

  it("patches in three ways", async () => {
    const { clients, namespace } = bench();
    await clients.apply(deployment(namespace, "patched"));
    const patch = (type: string, body: object) =>
      clients.kubectl([
        "patch",
        "deployment",
        "patched",
        "-n",
        namespace,
        `--type=${type}`,
        "-p",
        JSON.stringify(body),
      ]);
    const env = [{ name: "B", value: "2" }];
    await patch("strategic", { spec: { template: { spec: { containers: [{ name: "web", env }] } } } });
    await patch("merge", { metadata: { annotations: { x: "y" } }, spec: { paused: true } });
    await patch("json", [{ op: "replace", path: "/spec/replicas", value: 0 }]);
    const { spec, metadata } = await get("deployment", "patched");
    expect(spec.template.spec.containers[0].env).toEqual([
      { name: "B", value: "2" },
      { name: "A", value: "1" },
    ]);
    expect(spec).toMatchObject({ replicas: 0, paused: true });
    expect(metadata.annotations.x).toBe("y");
    expect(
      await clients.kubectlError([
        "patch",
        "deployment",
        "patched",
        "-n",
        namespace,
        "--type=json",
        "-p",
        '[{"op":"remove","path":"/spec/nothing"}]',
      ]),
    ).toContain("the server rejected our request");
  });

  it("counts generations of the spec, and of a Deployment's annotations", async () => {
    const { clients, namespace } = bench();
    await clients.apply(deployment(namespace, "counted"));
    await clients.kubectl(["label", "deployment", "counted", "a=b", "-n", namespace]);
    expect((await get("deployment", "counted")).metadata.generation).toBe(1);
    await clients.kubectl(["scale", "deployment", "counted", "--replicas=0", "-n", namespace]);
    expect((await get("deployment", "counted")).metadata.generation).toBe(2);
    await clients.kubectl(["annotate", "deployment", "counted", "a=b", "-n", namespace]);
    expect((await get("deployment", "counted")).metadata.generation).toBe(3);
  });

  it("writes nothing when nothing changed", async () => {
    const { clients, namespace } = bench();
    const before = await clients.core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: "still" }, data: { a: "1" } },
    });
    const after = await clients.core.replaceNamespacedConfigMap({ name: "still", namespace, body: before });
    expect(after.metadata?.resourceVersion).toBe(before.metadata?.resourceVersion);
  });

  it("refuses to write over what it has not seen", async () => {
    const { clients, namespace } = bench();
    const name = "contended";
    const old = await clients.core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name }, data: { a: "1" } },
    });
    await clients.core.replaceNamespacedConfigMap({ name, namespace, body: { ...old, data: { a: "2" } } });
    const late = { name, namespace, body: { ...old, data: { a: "3" } } };
    await expect(clients.core.replaceNamespacedConfigMap(late)).rejects.toMatchObject({ code: 409 });
    const patch = { metadata: { resourceVersion: old.metadata?.resourceVersion }, data: { a: "3" } };
    const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
    await expect(
      clients.core.patchNamespacedConfigMap({ name, namespace, body: patch }, merge),
    ).rejects.toMatchObject({ code: 409 });
    await expect(
      clients.core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } }),
    ).rejects.toMatchObject({ code: 409 });
  });

  it("keeps Leases with the microseconds of their times", async () => {
    const { clients, namespace } = bench();
    const renewTime = new V1MicroTime("2026-01-02T03:04:05.678Z");
    const body = {
      metadata: { name: "lock" },
      spec: { holderIdentity: "me", leaseDurationSeconds: 90, renewTime },
    };
    await clients.leases.createNamespacedLease({ namespace, body });
    expect((await get("lease", "lock")).spec.renewTime).toBe("2026-01-02T03:04:05.678000Z");
    const blind = { ...body, metadata: { name: "lock" } };
    await expect(
      clients.leases.replaceNamespacedLease({ name: "lock", namespace, body: blind }),
    ).rejects.toMatchObject({ code: 422 });
  });

  it("makes names, and refuses bad ones with their causes", async () => {
    const { clients, namespace } = bench();
    const made = await clients.core.createNamespacedSecret({
      namespace,
      body: { metadata: { generateName: "some-" }, stringData: { a: "b" } },
    });
    expect(made.metadata?.name).toMatch(/^some-[a-z0-9]{5}$/);
    expect(made.data).toEqual({ a: "Yg==" });
    const bad = await clients.core
      .createNamespacedConfigMap({ namespace, body: { metadata: { name: "Not_A_Name" } } })
      .catch((error: unknown) => error);
    expect(JSON.parse((bad as { body: string }).body)).toMatchObject({
      code: 422,
      reason: "Invalid",
      details: {
        name: "Not_A_Name",
        kind: "ConfigMap",
        causes: [{ reason: "FieldValueInvalid", field: "metadata.name" }],
      },
    });
    expect(await clients.kubectlError(["label", "configmap", "still", "a=-", "-n", namespace])).toContain(
      "a valid label must be",
    );
  });

  it("limits objects to 1 MiB and requests to 3 MiB", async () => {
    const { clients, namespace } = bench();
    const create = (name: string, size: number) =>
      clients.core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name }, data: { a: "x".repeat(size) } },
      });
    const large = await create("large", 1_048_577).catch((error: unknown) => error);
    expect(large).toMatchObject({ code: 422 });
    expect((large as { body: string }).body).toContain("may not be more than 1048576 bytes");
    await expect(create("huge", 3_200_000)).rejects.toMatchObject({ code: 413 });
  });

  it("changes nothing in a dry run", async () => {
    const { clients, namespace } = bench();
    const shown = await clients.kubectl([
      "create",
      "configmap",
      "dry",
      "-n",
      namespace,
      "--dry-run=server",
      "-o",
      "name",
    ]);
    expect(shown).toBe("configmap/dry");
    expect(await clients.kubectlError(["get", "configmap", "dry", "-n", namespace])).toContain("NotFound");
  });

  it("refuses to change what is immutable", async () => {
    const { clients, namespace } = bench();
    await clients.apply(deployment(namespace, "rigid"));
    const changed = {
      spec: {
        selector: { matchLabels: { app: "other" } },
        template: { metadata: { labels: { app: "other" } } },
      },
    };
    const refusal = await clients.kubectlError([
      "patch",
      "deployment",
      "rigid",
      "-n",
      namespace,
      "--type=merge",
      "-p",
      JSON.stringify(changed),
    ]);
    expect(refusal).toContain("field is immutable");
  });

  it("refuses writes into a namespace that isn't there", async () => {
    const refusal = await bench().clients.kubectlError([
      "create",
      "configmap",
      "a",
      "-n",
      "no-such-namespace",
    ]);
    expect(refusal).toContain('namespaces "no-such-namespace" not found');
  });
}

export const deployment = (namespace: string, name: string, annotations: Record<string, string> = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, annotations },
      spec: { containers: [{ name: "web", image: "example.test/web:1", env: [{ name: "A", value: "1" }] }] },
    },
  },
});
