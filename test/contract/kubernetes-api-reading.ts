/** Reading: tables, selectors, pages, watches, and who may do what. */
/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment --
   client-node's models are classes in name only: it takes literals everywhere, and gives them back. */
import { Watch } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import type { Bench } from "./kubernetes-api.ts";
import type { Json } from "./kubernetes-api-clients.ts";

export function describeReading(bench: () => Bench): void {
  const configMaps = () => `/api/v1/namespaces/${bench().namespace}/configmaps`;

  it("shows a readable table", async () => {
    const { clients, namespace } = bench();
    const table = await clients.kubectl(["get", "namespace", namespace]);
    expect(table).toMatch(/^NAME\s+STATUS\s+AGE\n\S+\s+Active\s+\d+s$/);
  });

  it("puts a root certificate into every namespace", async () => {
    const { clients, namespace } = bench();
    await clients.eventually(() =>
      clients.kubectl(["get", "configmap", "kube-root-ca.crt", "-n", namespace]),
    );
  });

  it("selects by labels and fields", async () => {
    const { clients, namespace } = bench();
    for (const colour of ["red", "green"]) {
      await clients.kubectl(["create", "configmap", colour, "-n", namespace]);
      await clients.kubectl(["label", "configmap", colour, `colour=${colour}`, "-n", namespace]);
    }
    const names = async (...selector: string[]) =>
      clients.kubectl(["get", "configmap", "-n", namespace, "-o", "name", ...selector]);
    expect(await names("-l", "colour=red")).toBe("configmap/red");
    expect(await names("-l", "colour in (red,green),colour!=red")).toBe("configmap/green");
    expect(await names("--field-selector", "metadata.name=green")).toBe("configmap/green");
    expect(await names("-l", "!colour")).toBe("configmap/kube-root-ca.crt");
    expect(
      await clients.kubectlError(["get", "configmap", "-n", namespace, "--field-selector", "data.x=1"]),
    ).toContain("is not a known field selector");
  });

  it("lists in pages", async () => {
    const { clients, namespace } = bench();
    const first = await clients.raw(`${configMaps()}?limit=1`);
    expect(first.items).toHaveLength(1);
    expect(first.metadata.remainingItemCount).toBeGreaterThan(0);
    const rest = await clients.raw(
      `${configMaps()}?limit=50&continue=${encodeURIComponent(first.metadata.continue as string)}`,
    );
    expect(rest.items).toHaveLength(first.metadata.remainingItemCount as number);
    const whole = await clients.core.listNamespacedConfigMap({ namespace });
    expect(whole.items).toHaveLength(Number(rest.items.length) + 1);
  });

  it("answers with real Status objects", async () => {
    const { clients, namespace } = bench();
    const missing = await clients.core
      .readNamespacedConfigMap({ name: "nowhere", namespace })
      .catch((error: unknown) => error);
    expect(missing).toMatchObject({ code: 404 });
    expect(JSON.parse((missing as { body: string }).body)).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'configmaps "nowhere" not found',
      reason: "NotFound",
      details: { name: "nowhere", kind: "configmaps" },
      code: 404,
    });
  });

  it("streams changes from a resourceVersion on", async () => {
    const { clients, namespace } = bench();
    const { metadata } = await clients.core.listNamespacedConfigMap({ namespace });
    const seen: string[] = [];
    const watch = await new Watch(clients.config).watch(
      configMaps(),
      { resourceVersion: metadata?.resourceVersion, labelSelector: "watched" },
      (phase, object: Json) => seen.push(`${phase} ${String(object.metadata.name)}`),
      () => undefined,
    );
    await clients.apply(configMap(namespace, "a", { labels: { watched: "yes" } }));
    await clients.apply(configMap(namespace, "a", { labels: { watched: "yes" }, annotations: { x: "y" } }));
    await clients.kubectl(["label", "configmap", "a", "watched-", "-n", namespace]);
    await clients.kubectl(["label", "configmap", "a", "watched=again", "-n", namespace]);
    await clients.kubectl(["delete", "configmap", "a", "-n", namespace]);
    await clients.eventually(() =>
      expect(seen).toEqual(["ADDED a", "MODIFIED a", "DELETED a", "ADDED a", "DELETED a"]),
    );
    watch.abort();
  });

  it("sends the present state first when asked to, and says where it ends", async () => {
    const { clients } = bench();
    const query =
      "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1";
    const lines = (await clients.kubectl(["get", "--raw", `${configMaps()}?${query}`]))
      .split("\n")
      .map((line) => JSON.parse(line));
    const end = lines.findIndex(({ type }) => type === "BOOKMARK");
    expect(lines.slice(0, end).map(({ type }) => type as string)).toEqual(
      Array.from({ length: end }, () => "ADDED"),
    );
    expect(lines[end].object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  });

  it("answers which permissions there are", async () => {
    const { clients, namespace } = bench();
    expect(await clients.kubectl(["auth", "can-i", "create", "pods", "-n", namespace])).toBe("yes");
    expect(await clients.kubectl(["auth", "whoami", "-o", "json"])).toContain("username");
  });

  it("keeps events under both of their APIs", async () => {
    const { clients, namespace } = bench();
    const { metadata } = await clients.core.readNamespacedConfigMap({ name: "red", namespace });
    await clients.core.createNamespacedEvent({
      namespace,
      body: {
        metadata: { generateName: "red." },
        involvedObject: {
          apiVersion: "v1",
          kind: "ConfigMap",
          name: "red",
          namespace,
          uid: metadata?.uid ?? "",
        },
        reason: "Painted",
        message: "a new coat",
        type: "Normal",
        firstTimestamp: new Date(),
        lastTimestamp: new Date(),
        count: 1,
        source: { component: "painter" },
      },
    });
    expect(await clients.kubectl(["events", "--for", "configmap/red", "-n", namespace])).toContain("Painted");
    const { items } = await clients.raw(
      `/apis/events.k8s.io/v1/namespaces/${namespace}/events?fieldSelector=reason%3DPainted`,
    );
    expect(items[0]).toMatchObject({
      regarding: { name: "red" },
      note: "a new coat",
      deprecatedSource: { component: "painter" },
    });
  });
}

export const configMap = (namespace: string, name: string, metadata: object = {}, rest: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace, ...metadata },
  ...rest,
});
