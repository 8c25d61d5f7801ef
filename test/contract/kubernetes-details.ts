/** What the Kubernetes adapters do beyond their ports: the shape of what they write, and what they refuse to read. */
import { randomBytes } from "node:crypto";
import { brotliDecompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createCluster } from "../../src/adapters/kubernetes/cluster.ts";
import { createAnnouncer } from "../../src/adapters/kubernetes/events.ts";
import { createLeaseStore } from "../../src/adapters/kubernetes/lease-store.ts";
import { createStateStore } from "../../src/adapters/kubernetes/state-store.ts";
import { CheckpointError } from "../../src/errors.ts";
import {
  createKubernetesBench,
  documentName,
  documentNames,
  environment,
  stateName,
  type KubernetesBench,
} from "./kubernetes-bench.ts";

export function describeKubernetesDetails(kubeconfig: () => string): void {
  describe("the Kubernetes adapters", () => {
    let bench: KubernetesBench;
    beforeAll(async () => {
      bench = await createKubernetesBench(kubeconfig());
    });
    afterEach(async () => {
      await kubectl("delete", "configmap,lease", stateName, ...documentNames, "--ignore-not-found");
    });
    afterAll(() => bench.stop());

    const kubectl = (...args: string[]) => bench.clients.kubectl([...args, "-n", bench.namespace]);
    const get = async (kind: string, name: string) =>
      JSON.parse(await kubectl("get", kind, name, "-o", "json"));
    const configMap = (content: object) =>
      bench.clients.apply({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: stateName, namespace: bench.namespace },
        ...content,
      });
    const unpacked = (binaryData: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(binaryData).map(([key, text]) => [
          key,
          brotliDecompressSync(Buffer.from(text, "base64")).toString(),
        ]),
      );
    const store = () => createStateStore(bench.connection, { environment });
    const failure = async (attempt: Promise<unknown>): Promise<unknown> =>
      attempt.then(
        () => undefined,
        (error: unknown) => error,
      );

    it("keep the state where operators look for it, labelled", async () => {
      await store().save({ run: { runId: "x" }, attachments: { jobs: [["a"]] } }, undefined);
      await store().saveDocument(Buffer.from("d"), 1);
      const ownLabels = {
        "app.kubernetes.io/managed-by": "powo-builder",
        "powo.kew.org/environment": environment,
      };
      const { metadata, data, binaryData } = await get("configmap", stateName);
      expect(metadata.labels).toEqual(ownLabels);
      expect(data).toEqual({ "run.json": '{"runId":"x"}' });
      expect(unpacked(binaryData)).toEqual({ "jobs.br": '[["a"]]' });
      const apart = await get("configmap", documentName);
      expect(apart.metadata.labels).toEqual(ownLabels);
      expect(unpacked(apart.binaryData)).toEqual({ "data.br": "d" });
    });

    it("name an attachment that can't be unpacked, and read the others", async () => {
      await store().save({ run: {}, attachments: { jobs: [1], past: [2] } }, undefined);
      await kubectl("patch", "configmap", stateName, "-p", '{"binaryData":{"past.br":"AAAA"}}');
      expect(await store().load()).toMatchObject({ attachments: { jobs: [1] }, unreadable: ["past"] });
    });

    it("refuse a document that can't be unpacked, as what can't be read", async () => {
      await store().saveDocument(Buffer.from("d"), 1);
      await kubectl("patch", "configmap", documentName, "-p", '{"binaryData":{"data.br":"AAAA"}}');
      const error = await failure(store().loadDocument(1));
      expect(error).toBeInstanceOf(CheckpointError);
      expect(error).toMatchObject({ code: "STATE_DATA", message: expect.stringContaining("is damaged") });
    });

    it("leave the labels that others have put on the state", async () => {
      const version = await store().save({ run: {} }, undefined);
      await kubectl("label", "configmap", stateName, "team=web");
      const now = (await store().load())?.version;
      expect(now).not.toBe(version);
      await store().save({ run: { n: 2 } }, now);
      expect((await get("configmap", stateName)).metadata.labels).toMatchObject({ team: "web" });
    });

    it.each([
      ["what isn't JSON", { data: { "run.json": "{ half" } }, "run.json is not JSON"],
      ["a foreign key", { data: { "run.json": "{}", "other.txt": "x" } }, "other.txt"],
      ["a foreign attachment", { binaryData: { "photo.png": "AAAA" } }, "photo.png"],
    ])("refuse a state that holds %s, and say how to look at it", async (_, content, seen) => {
      await configMap(content);
      const error = await failure(store().load());
      expect(error).toBeInstanceOf(CheckpointError);
      expect(error).toMatchObject({
        code: "STATE_UNREADABLE",
        message: expect.stringContaining(seen),
        hint: expect.stringContaining(`kubectl delete configmap ${stateName} -n ${bench.namespace}`),
      });
    });

    it.each([1_200_000, 4_000_000])(
      "refuse a state of %d bytes, which a ConfigMap can't hold",
      async (size) => {
        const noise = randomBytes(size);
        const version = await store().save({ run: {} }, undefined);
        const attempts = [
          () => store().save({ attachments: { jobs: noise.toString("base64") } }, version),
          () => store().saveDocument(noise, 1),
        ];
        for (const attempt of attempts) {
          const error = await failure(attempt());
          expect(error).toBeInstanceOf(CheckpointError);
          expect(error).toMatchObject({ code: "STATE_TOO_LARGE" });
        }
        expect((await store().load())?.version).toBe(version);
      },
    );

    it("say so when the state's ConfigMap was made immutable", async () => {
      await configMap({ immutable: true, data: { "run.json": "{}" } });
      const version = (await store().load())?.version;
      const error = await failure(store().save({ run: { n: 1 } }, version));
      expect(error).toMatchObject({ code: "STATE_REFUSED", hint: expect.stringContaining("immutable") });
    });

    it("keep the lock as kubectl and other controllers read it", async () => {
      const leases = createLeaseStore(bench.connection, { environment });
      const now = Date.UTC(2026, 10, 22, 12, 0, 0, 5);
      const record = {
        holder: "pod-1",
        renewedAt: now,
        acquiredAt: now,
        transitions: 1,
        requests: { abort: "x" },
      };
      await leases.write({ ...record, durationMs: 1500 }, undefined);
      const { spec, metadata } = await get("lease", stateName);
      expect(spec).toEqual({
        holderIdentity: "pod-1",
        renewTime: "2026-11-22T12:00:00.005000Z",
        acquireTime: "2026-11-22T12:00:00.005000Z",
        leaseDurationSeconds: 2,
        leaseTransitions: 1,
      });
      expect(metadata.annotations).toEqual({
        "powo.kew.org/request-abort": "x",
        "powo.kew.org/duration-ms": "1500",
      });
    });

    it("bind the release role once, where there is one", async () => {
      await createCluster(bench.connection).ensureAccess(bench.namespace);
      expect(await kubectl("get", "rolebindings", "-o", "name")).not.toContain("powo-builder");
      const cluster = createCluster(bench.connection, { serviceAccount: "builder", releaseRole: "view" });
      await cluster.ensureAccess(bench.namespace);
      await cluster.ensureAccess(bench.namespace);
      expect(await get("rolebinding", "powo-builder")).toMatchObject({
        roleRef: { kind: "ClusterRole", name: "view" },
        subjects: [{ kind: "ServiceAccount", name: "builder", namespace: bench.namespace }],
      });
    });

    it("announce on the Job that the pod belongs to, and count what is said again", async () => {
      const container = { name: "main", image: "example.test/main:1" };
      const template = { spec: { containers: [container], restartPolicy: "Never" } };
      const metadata = { name: "builder", namespace: bench.namespace };
      await bench.clients.apply({ apiVersion: "batch/v1", kind: "Job", metadata, spec: { template } });
      const podName = await bench.clients.eventually(async () => {
        const name = await kubectl(
          "get",
          "pods",
          "-l",
          "job-name=builder",
          "-o",
          "jsonpath={.items[0].metadata.name}",
        );
        expect(name).not.toBe("");
        return name;
      });
      const log = {
        debug: (fields: object, message: string) => expect.unreachable(message + JSON.stringify(fields)),
      };
      const announce = createAnnouncer(bench.connection, { podName, log });
      const event = { type: "Normal", reason: "StepFinished", message: "preflight finished" } as const;
      await announce(event);
      await announce(event);
      await announce({ ...event, type: "Warning", message: "x".repeat(2000) });
      const ours = "involvedObject.name=builder,reportingComponent=powo-builder";
      const { items } = JSON.parse(await kubectl("get", "events", "--field-selector", ours, "-o", "json"));
      const { uid } = (await get("job", "builder")).metadata;
      expect(items).toHaveLength(2);
      expect(items).toContainEqual(
        expect.objectContaining({
          ...event,
          count: 2,
          involvedObject: expect.objectContaining({ kind: "Job", name: "builder", uid }),
        }),
      );
    });

    it("announce on the CronJob as well that the Job was made of", async () => {
      const template = {
        spec: { containers: [{ name: "main", image: "example.test/main:1" }], restartPolicy: "Never" },
      };
      const metadata = { name: "weekly", namespace: bench.namespace };
      const spec = { schedule: "0 12 * * SUN", suspend: true, jobTemplate: { spec: { template } } };
      await bench.clients.apply({ apiVersion: "batch/v1", kind: "CronJob", metadata, spec });
      await kubectl("create", "job", "weekly-1", "--from=cronjob/weekly");
      const log = { debug: (_: object, message: string) => expect.unreachable(message) };
      const event = { type: "Normal", reason: "Live", message: "prod-k3m7q is live" } as const;
      await createAnnouncer(bench.connection, { jobName: "weekly-1", log })(event);
      const ours = "reason=Live,reportingComponent=powo-builder";
      const { items } = JSON.parse(await kubectl("get", "events", "--field-selector", ours, "-o", "json"));
      const on = items.map(
        ({ involvedObject: { kind, name, uid } }: { involvedObject: Record<string, string> }) => ({
          kind,
          name,
          uid,
        }),
      );
      const { uid } = (await get("cronjob", "weekly")).metadata;
      expect(on).toHaveLength(2);
      expect(on).toContainEqual({ kind: "CronJob", name: "weekly", uid });
      expect(on).toContainEqual(expect.objectContaining({ kind: "Job", name: "weekly-1" }));
    });

    it("announce nothing where there is no Job, and never fail", async () => {
      const lines: string[] = [];
      const log = { debug: (_: object, message: string) => void lines.push(message) };
      const event = { type: "Normal", reason: "Started", message: "started" } as const;
      await createAnnouncer(bench.connection, { log })(event);
      await createAnnouncer(bench.connection, { jobName: "gone", podName: "gone", log })(event);
      expect(lines).toEqual([]);
      const elsewhere = { ...bench.connection, namespace: "not a namespace" };
      await createAnnouncer(elsewhere, { jobName: "builder", log })(event);
      expect(lines.length).toBeLessThanOrEqual(1);
    });
  });
}
