/** Workloads: pods that start, fail and stop as the ConfigMap kube-system/simulation says. */
import { afterEach, expect, it } from "vitest";
import type { Bench } from "./kubernetes-api.ts";
import type { Json } from "./kubernetes-api-clients.ts";
import { deployment } from "./kubernetes-api-changes.ts";

export function describeWorkloads(bench: () => Bench): void {
  let rules = 0;
  const keys: string[] = [];
  const patchRules = (data: Record<string, string | null>) =>
    bench().clients.kubectl([
      "patch",
      "configmap",
      "simulation",
      "-n",
      "kube-system",
      "--type=merge",
      "-p",
      JSON.stringify({ data }),
    ]);
  /** Makes an object of the group's namespace behave in a way, until the case is over. */
  const rule = async (name: string, behaviour: string): Promise<void> => {
    const key = `${bench().namespace}-${rules++}`;
    keys.push(key);
    await patchRules({ [key]: `${bench().namespace}/${name} ${behaviour}` });
  };
  const heal = async (): Promise<void> => {
    if (keys.length > 0) await patchRules(Object.fromEntries(keys.splice(0).map((key) => [key, null])));
  };
  afterEach(heal);

  const podsOf = async (selector: string): Promise<Json[]> =>
    JSON.parse(
      await bench().clients.kubectl(["get", "pods", "-n", bench().namespace, "-l", selector, "-o", "json"]),
    ).items as Json[];
  const started = async (name: string, annotations: Record<string, string> = {}) =>
    bench().clients.apply(deployment(bench().namespace, name, annotations));
  const waitingReason = async (name: string, reason: string): Promise<Json> =>
    bench().clients.eventually(async () => {
      const [pod] = await podsOf(`app=${name}`);
      expect(pod.status.containerStatuses[0].state.waiting?.reason).toBe(reason);
      return pod;
    });
  const events = async (reason: string): Promise<string> =>
    bench().clients.kubectl([
      "get",
      "events",
      "-n",
      bench().namespace,
      "--field-selector",
      `reason=${reason}`,
    ]);

  it("rolls a Deployment out and shows its logs", async () => {
    const { clients, namespace } = bench();
    await started("web", { "simulation.powo.kew.org/logs": "first line\nsecond line" });
    await clients.kubectl(["rollout", "status", "deployment/web", "-n", namespace, "--timeout=20s"]);
    const { status } = JSON.parse(
      await clients.kubectl(["get", "deployment", "web", "-n", namespace, "-o", "json"]),
    ) as Json;
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
    expect(await clients.kubectl(["logs", "deployment/web", "-n", namespace, "--tail=1"])).toBe(
      "second line",
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
    ) as Json;
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
    ) as Json;
    expect(status.failed).toBe(1);
    expect((status.conditions as Json[]).find(({ type }) => type === "Failed")).toMatchObject({
      reason: "PodFailurePolicy",
    });
  });

  it("waits for a Secret that is missing", async () => {
    const { clients, namespace } = bench();
    const waits = deployment(namespace, "waits");
    const container = waits.spec.template.spec.containers[0]!;
    const envFrom = [{ secretRef: { name: "late" } }];
    const spec = { containers: [{ ...container, envFrom }] };
    await clients.apply({ ...waits, spec: { ...waits.spec, template: { ...waits.spec.template, spec } } });
    const pod = await waitingReason("waits", "CreateContainerConfigError");
    expect(pod.status.containerStatuses[0].state.waiting.message).toBe('secret "late" not found');
    await clients.kubectl(["create", "secret", "generic", "late", "-n", namespace]);
    await clients.kubectl(["rollout", "status", "deployment/waits", "-n", namespace, "--timeout=20s"]);
  });

  it("can't pull an image, and heals", async () => {
    const { clients, namespace } = bench();
    await rule("unpulled", "image-pull-back-off");
    await started("unpulled");
    await waitingReason("unpulled", "ImagePullBackOff");
    expect(await events("BackOff")).toContain("Back-off pulling image");
    await heal();
    await clients.kubectl(["rollout", "status", "deployment/unpulled", "-n", namespace, "--timeout=20s"]);
  });

  it("crashes again and again", async () => {
    await rule("crashing", "crash-loop:137");
    await started("crashing");
    const pod = await waitingReason("crashing", "CrashLoopBackOff");
    expect(pod.status.containerStatuses[0]).toMatchObject({
      ready: false,
      lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
    });
    expect(pod.status.containerStatuses[0].restartCount).toBeGreaterThan(0);
    expect(pod.status.phase).toBe("Running");
    expect(await bench().clients.kubectl(["logs", "deployment/crashing", "-n", bench().namespace])).toContain(
      "exit status 137 (OOMKilled)",
    );
  });

  it("is evicted, unschedulable, or keeps a claim pending", async () => {
    const { clients, namespace } = bench();
    await rule("evicted", "evicted");
    await rule("homeless", "unschedulable");
    await rule("unbound", "pvc-pending");
    await clients.kubectl(["run", "evicted", "--image=x", "-n", namespace]);
    await clients.kubectl(["run", "homeless", "--image=x", "-n", namespace]);
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    await clients.apply({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "unbound", namespace },
      spec,
    });
    const pod = async (name: string) =>
      JSON.parse(await clients.kubectl(["get", "pod", name, "-n", namespace, "-o", "json"])) as Json;
    await clients.eventually(async () =>
      expect((await pod("evicted")).status).toMatchObject({ phase: "Failed", reason: "Evicted" }),
    );
    const unscheduled = { type: "PodScheduled", status: "False", reason: "Unschedulable" };
    await clients.eventually(async () =>
      expect((await pod("homeless")).status).toMatchObject({ phase: "Pending", conditions: [unscheduled] }),
    );
    expect((await pod("homeless")).status.conditions[0].message).toContain("Insufficient memory");
    await clients.eventually(async () =>
      expect(await events("ProvisioningFailed")).toContain("quota 'DISKS_TOTAL_GB' exceeded"),
    );
    expect(await clients.kubectl(["get", "pvc", "unbound", "-n", namespace])).toContain("Pending");
    await heal();
    await clients.kubectl([
      "wait",
      "--for=condition=Ready",
      "pod/homeless",
      "-n",
      namespace,
      "--timeout=20s",
    ]);
  });

  it("takes its whole grace period when it ignores the signal", async () => {
    const { clients, namespace } = bench();
    await rule("stubborn", "ignores-sigterm");
    await clients.kubectl(["run", "stubborn", "--image=x", "-n", namespace]);
    await clients.kubectl([
      "wait",
      "--for=condition=Ready",
      "pod/stubborn",
      "-n",
      namespace,
      "--timeout=20s",
    ]);
    const begun = Date.now();
    await clients.kubectl(["delete", "pod", "stubborn", "-n", namespace, "--grace-period=2"]);
    expect(Date.now() - begun).toBeGreaterThan(1_800);
  });

  it("reports a rule that it can't read", async () => {
    const { clients, namespace } = bench();
    await rule("x", "no-such-behaviour");
    await clients.eventually(async () => {
      const text = await clients.kubectl([
        "get",
        "events",
        "-n",
        "kube-system",
        "--field-selector",
        "reason=InvalidRule",
      ]);
      expect(text).toContain(`${namespace}-`);
      expect(text).toContain('unknown behaviour "no-such-behaviour"');
    });
  });
}
