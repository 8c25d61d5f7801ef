/** What the plugin (plugin/kubectl-powo) does with kubectl: a Job from a suspended CronJob, its pods, their logs, its removal. */
import { beforeAll, expect, it } from "vitest";
import type { Bench } from "./kubernetes-api.ts";
import type { Json } from "./kubernetes-api-clients.ts";
import { createSteering } from "./kubernetes-api-steering.ts";

export function describeJobs(bench: () => Bench): void {
  const { rule, heal, podsOf } = createSteering(bench);
  const kubectl = (args: string[], input?: string) =>
    bench().clients.kubectl([...args, "-n", bench().namespace], input);
  const podsOfJob = (job: string): Promise<Json[]> => podsOf(`batch.kubernetes.io/job-name=${job}`);

  beforeAll(async () => {
    const container = { name: "builder", image: "example.test/builder:1", args: ["status"] };
    const pod = { restartPolicy: "Never", containers: [container], terminationGracePeriodSeconds: 1 };
    const metadata = { annotations: { "simulation.powo.kew.org/logs": "first line\nsecond line" } };
    const template = { metadata, spec: pod };
    await bench().clients.apply({
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "builder-status", namespace: bench().namespace },
      spec: {
        schedule: "0 0 31 2 *",
        suspend: true,
        jobTemplate: { metadata: { labels: { verb: "status" } }, spec: { backoffLimit: 20, template } },
      },
    });
  });

  /** Creates a Job as the plugin does: with other arguments than the CronJob's. */
  async function start(job: string, args: string[]): Promise<void> {
    const made = await kubectl([
      ...["create", "job", job, "--from=cronjob/builder-status"],
      ...["--dry-run=client", "-o", "json"],
    ]);
    const patch = [{ op: "add", path: "/spec/template/spec/containers/0/args", value: args }];
    const local = ["patch", "--local", "-f", "-", "--type=json", "--patch", JSON.stringify(patch)];
    await kubectl(["create", "-f", "-"], await kubectl([...local, "-o", "json"], made));
  }

  it("finds a CronJob by its name in all namespaces", async () => {
    const asked = ["get", "cronjobs", "--all-namespaces", "--field-selector", "metadata.name=builder-status"];
    const where = "jsonpath={range .items[*]}{.metadata.namespace}{'\\n'}{end}";
    const { clients, namespace } = bench();
    expect((await clients.kubectl([...asked, "-o", where])).split("\n")).toContain(namespace);
  });

  it("runs a Job of a suspended CronJob with other arguments, and follows its log to the end", async () => {
    await rule("by-hand", "slow:2s");
    await start("by-hand", ["status", "-o", "json"]);
    const [pod] = await bench().clients.eventually(async () => {
      const pods = await podsOfJob("by-hand");
      expect(pods[0]?.status.phase).toBe("Running");
      return pods;
    });
    expect(await kubectl(["logs", `pod/${pod.metadata.name}`, "--follow"])).toBe("first line\nsecond line");
    expect(pod.spec.containers[0].args).toEqual(["status", "-o", "json"]);
    expect(pod.metadata.ownerReferences).toMatchObject([{ kind: "Job", name: "by-hand", controller: true }]);
    await heal();
    await kubectl(["wait", "--for=condition=complete", "job/by-hand", "--timeout=20s"]);
    const code = "jsonpath={.status.phase}|{.status.containerStatuses[0].state.terminated.exitCode}";
    expect(await kubectl(["get", "pod", pod.metadata.name, "-o", code])).toBe("Succeeded|0");
    const { metadata } = JSON.parse(await kubectl(["get", "job", "by-hand", "-o", "json"]));
    expect(metadata).toMatchObject({ labels: { verb: "status" }, ownerReferences: [{ kind: "CronJob" }] });
  });

  it("removes a Job with its pods, without waiting for them", async () => {
    expect(await kubectl(["delete", "job", "by-hand", "--wait=false"])).toMatch(/by-hand" deleted/);
    await bench().clients.eventually(async () => expect(await podsOfJob("by-hand")).toEqual([]));
  });

  it("refuses a second Job of the same name", async () => {
    await start("twice", ["status"]);
    await expect(start("twice", ["status"])).rejects.toThrow(/AlreadyExists/);
    await kubectl(["delete", "job", "twice", "--wait=false"]);
  });

  it("starts the next pod of a Job whose pod has failed", async () => {
    await rule("again", "crash-loop:137");
    await start("again", ["status"]);
    await bench().clients.eventually(async () => {
      const [first] = await podsOfJob("again");
      expect(first?.status).toMatchObject({
        phase: "Failed",
        containerStatuses: [{ state: { terminated: { exitCode: 137 } } }],
      });
    });
    await heal();
    // The real controller lets ten seconds go by.
    await kubectl(["wait", "--for=condition=complete", "job/again", "--timeout=40s"]);
    const { status } = JSON.parse(await kubectl(["get", "job", "again", "-o", "json"]));
    expect(status.succeeded).toBe(1);
    expect(status.failed).toBeGreaterThan(0);
  });
}
