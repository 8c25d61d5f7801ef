/** What every Cluster does; run by the fake that scenarios use and by the Kubernetes API. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConflictError, TransientError } from "../../src/errors.ts";
import type { Cluster } from "../../src/ports/cluster.ts";
import { describeObservation } from "./cluster-observation.ts";

export interface ClusterBench {
  cluster: Cluster;
  /** A name that no namespace has. */
  newName: () => string;
  /** Makes an object (its manifest), where there is an API behind the port; those cases need it. */
  apply?: (manifest: object) => Promise<void>;
  /** Cleans up behind a case. */
  remove: (namespace: string) => Promise<void>;
  /** Repeats an attempt until it no longer throws. */
  eventually: <T>(attempt: () => T | Promise<T>) => Promise<T>;
  stop?: () => Promise<void>;
}

const labels = { "app.kubernetes.io/managed-by": "powo-builder", "powo.kew.org/environment": "contract" };

export function describeCluster(
  name: string,
  makeBench: () => Promise<ClusterBench>,
  { hasApi = true }: { hasApi?: boolean } = {},
): void {
  describe(`${name} as a Cluster`, () => {
    let bench: ClusterBench;
    beforeAll(async () => {
      bench = await makeBench();
    });
    afterAll(() => bench.stop?.());

    it("says its version", async () => {
      expect(await bench.cluster.version()).toMatch(/^v?\d+\.\d+/);
      const { kubeVersion, apiVersions } = await bench.cluster.capabilities();
      expect(kubeVersion).toBe(await bench.cluster.version());
      expect(apiVersions).toEqual(expect.arrayContaining(["v1", "apps/v1", "apps/v1/Deployment"]));
    });

    it("makes a namespace once, and gives back the one that is there as it is", async () => {
      const { cluster } = bench;
      const namespace = bench.newName();
      expect(await cluster.findNamespace(namespace)).toBeUndefined();
      const made = await cluster.ensureNamespace(namespace, labels);
      expect(made).toMatchObject({ name: namespace, terminating: false });
      expect(made.labels).toMatchObject(labels);
      const again = await cluster.ensureNamespace(namespace, { "powo.kew.org/environment": "another" });
      expect(again.uid).toBe(made.uid);
      expect(again.labels).toMatchObject(labels);
      expect((await cluster.findNamespaces()).map((one) => one.name)).toContain(namespace);
      await bench.remove(namespace);
    });

    it("sets annotations and removes them by null", async () => {
      const { cluster } = bench;
      const namespace = bench.newName();
      await cluster.ensureNamespace(namespace, labels);
      await cluster.annotateNamespace(namespace, {
        "powo.kew.org/keep": "",
        "powo.kew.org/live-since": "now",
      });
      await cluster.annotateNamespace(namespace, {
        "powo.kew.org/live-since": null,
        "powo.kew.org/none": null,
      });
      expect((await cluster.findNamespace(namespace))?.annotations).toMatchObject({
        "powo.kew.org/keep": "",
      });
      expect((await cluster.findNamespace(namespace))?.annotations).not.toHaveProperty([
        "powo.kew.org/live-since",
      ]);
      await bench.remove(namespace);
    });

    it("can't annotate a namespace that isn't there", async () => {
      const error = await bench.cluster
        .annotateNamespace(bench.newName(), { a: "b" })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TransientError);
      expect(error).toMatchObject({ status: 404 });
    });

    it("deletes exactly the namespace that was meant", async () => {
      const { cluster } = bench;
      const namespace = bench.newName();
      const { uid } = await cluster.ensureNamespace(namespace, labels);
      const another = "00000000-0000-0000-0000-000000000000";
      await expect(cluster.deleteNamespace(namespace, another)).rejects.toBeInstanceOf(ConflictError);
      expect((await cluster.findNamespace(namespace))?.terminating).toBe(false);
      await cluster.deleteNamespace(namespace, uid);
      await cluster.deleteNamespace(namespace, uid);
      await bench.eventually(async () => expect(await cluster.findNamespace(namespace)).toBeUndefined());
      await cluster.deleteNamespace(namespace, uid);
    });

    it("finds nothing in an empty namespace", async () => {
      const { cluster } = bench;
      const namespace = bench.newName();
      await cluster.ensureNamespace(namespace, labels);
      await cluster.ensureAccess(namespace);
      expect(await cluster.observe(namespace)).toEqual({ workloads: [], pods: [], claims: [], services: [] });
      expect(await cluster.findServices(namespace)).toEqual([]);
      expect(await cluster.warnings(namespace)).toEqual([]);
      expect(await cluster.logs(namespace, "no-pod", "main", 5)).toEqual([]);
      await bench.remove(namespace);
    });

    it("knows its own rights", async () => {
      const rights = ["list", "create"].map((verb) => ({ verb, group: "", resource: "pods/log" }));
      expect(await bench.cluster.denied(rights)).toEqual([]);
      expect(await bench.cluster.denied([])).toEqual([]);
    });

    if (hasApi) describe("with objects", () => describeObservation(() => bench));
  });
}
