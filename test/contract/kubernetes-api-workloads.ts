/** Workloads: Deployments, StatefulSets, Jobs, load balancers. */
import { afterEach, expect, it } from "vitest";
import type { Bench } from "./kubernetes-api.ts";
import type { Json } from "./kubernetes-api-clients.ts";
import { deployment } from "./kubernetes-api-changes.ts";
import { createSteering } from "./kubernetes-api-steering.ts";

export function describeWorkloads(bench: () => Bench): void {
  const { rule, heal, podsOf, started } = createSteering(bench);
  afterEach(heal);

  it("rolls a Deployment out and shows its logs", async () => {
    const { clients, namespace } = bench();
    await started("web", { "simulation.powo.kew.org/logs": "first line\nsecond line" });
    await clients.kubectl(["rollout", "status", "deployment/web", "-n", namespace, "--timeout=20s"]);
    const { status } = JSON.parse(
      await clients.kubectl(["get", "deployment", "web", "-n", namespace, "-o", "json"]),
    );
    expect(status).toMatchObject({
      observedGeneration: 1,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
    });
    expect(await clients.kubectl(["get", "pods", "-n", namespace, "-l", "app=web"])).toMatch(
      /1\/1\s+Running\s+0/,
    );
    expect(await clients.kubectl(["logs", "deployment/web", "-n", namespace])).toBe(
      "first line\nsecond line",
    );
  });

  it("replaces the pods when the template changes", async () => {
    const { clients, namespace } = bench();
    await clients.kubectl(["set", "image", "deployment/web", "web=example.test/web:2", "-n", namespace]);
    await clients.kubectl(["rollout", "status", "deployment/web", "-n", namespace, "--timeout=20s"]);
    await clients.eventually(async () => {
      const images = (await podsOf("app=web")).map((pod) => pod.spec.containers[0].image as string);
      expect(images).toEqual(["example.test/web:2"]);
    });
  });

  it("binds claims of a StatefulSet", async () => {
    const { clients, namespace } = bench();
    const template = deployment(namespace, "db").spec;
    const claim = {
      metadata: { name: "disk" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    await clients.apply({
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "db", namespace },
      spec: { ...template, serviceName: "db", volumeClaimTemplates: [claim] },
    });
    await clients.kubectl(["rollout", "status", "statefulset/db", "-n", namespace, "--timeout=20s"]);
    expect(await clients.kubectl(["get", "pvc", "disk-db-0", "-n", namespace])).toMatch(
      /Bound\s+pvc-\S+\s+1Gi\s+RWO\s+standard/,
    );
    expect(await clients.kubectl(["get", "pod", "db-0", "-n", namespace, "-o", "name"])).toBe("pod/db-0");
  });

  it("gives a load balancer its address once a pod is ready", async () => {
    const { clients, namespace } = bench();
    await rule("front", "never-ready");
    await started("front");
    await clients.kubectl([
      "expose",
      "deployment",
      "front",
      "--port=80",
      "--type=LoadBalancer",
      "-n",
      namespace,
    ]);
    await clients.eventually(async () =>
      expect(await clients.kubectl(["get", "pods", "-n", namespace, "-l", "app=front"])).toMatch(
        /0\/1\s+Running/,
      ),
    );
    expect(await clients.kubectl(["get", "service", "front", "-n", namespace])).toContain("<pending>");
    await heal();
    const address = "jsonpath={.status.loadBalancer.ingress[0].ip}";
    await clients.eventually(async () =>
      expect(await clients.kubectl(["get", "service", "front", "-n", namespace, "-o", address])).toMatch(
        /^(203\.0\.113|198\.51\.\d+)\.\d+$/,
      ),
    );
    await clients.kubectl(["delete", "service", "front", "-n", namespace, "--timeout=10s"]);
  });

  it("runs a Job from a CronJob to its end", async () => {
    const { clients, namespace } = bench();
    await clients.kubectl([
      "create",
      "cronjob",
      "nightly",
      "--image=example.test/job:1",
      "--schedule=0 0 1 1 *",
      "-n",
      namespace,
    ]);
    await clients.kubectl(["create", "job", "now", "--from=cronjob/nightly", "-n", namespace]);
    await clients.kubectl(["wait", "--for=condition=complete", "job/now", "-n", namespace, "--timeout=20s"]);
    expect(await clients.kubectl(["get", "job", "now", "-n", namespace])).toMatch(/Complete\s+1\/1/);
    expect(await clients.kubectl(["logs", "job/now", "-n", namespace])).toContain("simulated container");
    const { metadata } = JSON.parse(
      await clients.kubectl(["get", "job", "now", "-n", namespace, "-o", "json"]),
    );
    expect(metadata).toMatchObject({
      annotations: { "cronjob.kubernetes.io/instantiate": "manual" },
      ownerReferences: [{ kind: "CronJob", name: "nightly" }],
    });
  });

  it("fails a Job by its podFailurePolicy", async () => {
    const { clients, namespace } = bench();
    await rule("fatal", "crash-loop:3");
    const rules = [{ action: "FailJob", onExitCodes: { operator: "In", values: [1, 2, 3] } }];
    const template = {
      spec: { restartPolicy: "Never", containers: [{ name: "job", image: "example.test/job:1" }] },
    };
    await clients.apply({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "fatal", namespace },
      spec: { backoffLimit: 5, podFailurePolicy: { rules }, template },
    });
    await clients.kubectl(["wait", "--for=condition=failed", "job/fatal", "-n", namespace, "--timeout=20s"]);
    const { status } = JSON.parse(
      await clients.kubectl(["get", "job", "fatal", "-n", namespace, "-o", "json"]),
    );
    expect(status.failed).toBe(1);
    expect((status.conditions as Json[]).find(({ type }) => type === "Failed")).toMatchObject({
      reason: "PodFailurePolicy",
    });
  });
}
