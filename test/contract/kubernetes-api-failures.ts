/** Failures: pods and claims that misbehave as the ConfigMap kube-system/simulation says. */
import { afterEach, expect, it } from "vitest";
import type { Bench } from "./kubernetes-api.ts";
import { deployment } from "./kubernetes-api-changes.ts";
import { createSteering } from "./kubernetes-api-steering.ts";

export function describeFailures(bench: () => Bench): void {
  const { rule, heal, started, waitingReason, events } = createSteering(bench);
  afterEach(heal);

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

  it("is stuck in its init container", async () => {
    const { clients, namespace } = bench();
    await rule("initial", "stuck-in-init");
    const { spec, ...rest } = deployment(namespace, "initial");
    const initContainers = [{ name: "prepare", image: "example.test/prepare:1" }];
    const template = { ...spec.template, spec: { ...spec.template.spec, initContainers } };
    await clients.apply({ ...rest, spec: { ...spec, template } });
    await clients.eventually(async () =>
      expect(await clients.kubectl(["get", "pods", "-n", namespace, "-l", "app=initial"])).toMatch(
        /0\/1\s+Init:0\/1/,
      ),
    );
    const refusal = await clients.kubectlError(["logs", "deployment/initial", "-n", namespace]);
    expect(refusal).toContain("is waiting to start");
  });

  it("makes no pods for a service account that isn't there", async () => {
    const { clients, namespace } = bench();
    const { spec, ...rest } = deployment(namespace, "nobody");
    const template = { ...spec.template, spec: { ...spec.template.spec, serviceAccountName: "nobody" } };
    await clients.apply({ ...rest, spec: { ...spec, template } });
    await clients.eventually(async () =>
      expect(await events("FailedCreate")).toContain('serviceaccount "nobody" not found'),
    );
    await clients.kubectl(["create", "serviceaccount", "nobody", "-n", namespace]);
    await clients.kubectl(["rollout", "status", "deployment/nobody", "-n", namespace, "--timeout=30s"]);
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
      JSON.parse(await clients.kubectl(["get", "pod", name, "-n", namespace, "-o", "json"]));
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
