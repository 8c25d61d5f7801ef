/** Exit codes, disruptions and triggers, as the real Job controller treats the chart's CronJobs. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asAdmin, helmRun, makeBuilder, simulated, until } from "./cluster.ts";

const builder = makeBuilder("job");
const own = builder.namespace;

/** Makes the pods of a Job behave (shared/cluster's simulation); undefined heals. */
const behave = (job: string, behaviour?: string) =>
  asAdmin([
    ...["-n", "kube-system", "patch", "configmap", "simulation", "--type=merge", "-p"],
    JSON.stringify({
      data: {
        [`${own}.${job.replace("*", "all")}`]: behaviour === undefined ? null : `${own}/${job} ${behaviour}`,
      },
    }),
  ]);
const start = (job: string, cronJob = "builder") =>
  asAdmin(["create", "job", job, `--from=cronjob/${cronJob}`, "-n", own]);
const jobOf = async (job: string) => JSON.parse(await asAdmin(["get", "job", job, "-n", own, "-o", "json"]));
const conditions = async (job: string): Promise<string[]> =>
  ((await jobOf(job)).status.conditions ?? []).map(
    (condition: { type: string; reason?: string }) => `${condition.type} ${condition.reason ?? ""}`,
  );
const untilCondition = (job: string, text: string) =>
  until(
    `${job}: ${text}`,
    () => conditions(job),
    (all) => all.includes(text),
  );

describe.skipIf(!simulated)("on simulated nodes", () => {
  beforeAll(() => builder.install());
  afterAll(async () => {
    for (const job of ["exit-1", "exit-2", "exit-3", "exit-75", "evicted"]) await behave(job);
    await builder.remove();
  });

  test("every verb can be started with kubectl create job and ends", async () => {
    const verbs = [
      "abort",
      "approve",
      "cleanup",
      "history",
      "plan",
      "report",
      "retry",
      "rollback",
      "status",
      "update",
      "validate",
    ];
    for (const verb of verbs) await start(`try-${verb}`, `builder-${verb}`);
    for (const verb of verbs) await untilCondition(`try-${verb}`, "Complete CompletionsReached");
  });

  test.each([1, 2, 3])("exit %i fails the Job at once", async (code) => {
    const job = `exit-${code}`;
    await behave(job, `crash-loop:${code}`);
    await start(job);
    await untilCondition(job, "Failed PodFailurePolicy");
    expect((await jobOf(job)).status.failed).toBe(1);
  });

  test("exit 75 is tried again until it ends well", async () => {
    await behave("exit-75", "crash-loop:75");
    await start("exit-75");
    await until(
      "a second try",
      () => jobOf("exit-75"),
      (job) => job.status.failed >= 1 && job.status.active === 1,
    );
    await behave("exit-75");
    await untilCondition("exit-75", "Complete CompletionsReached");
  });

  test("an eviction is not counted, and the Job goes on", async () => {
    await behave("evicted", "evicted");
    await start("evicted");
    const evictions = async () =>
      (
        await asAdmin(["get", "pods", "-n", own, "-l", "batch.kubernetes.io/job-name=evicted", "-o", "name"])
      ).split("\n").length;
    await until("a second pod", evictions, (pods) => pods >= 2);
    expect(["", undefined, 0]).toContain((await jobOf("evicted")).status.failed);
    await behave("evicted");
    await untilCondition("evicted", "Complete CompletionsReached");
  });

  test("the clock starts a rebuild, and an upgrade of the chart leaves a running one alone", async () => {
    await behave("builder-*", "slow:10m");
    await builder.install({ suspend: false, schedule: "* * * * *" });
    const active = async (): Promise<{ name: string; uid: string }[]> =>
      JSON.parse(await asAdmin(["get", "cronjob", "builder", "-n", own, "-o", "json"])).status.active ?? [];
    const [running] = await until("a Job", active, (jobs) => jobs.length === 1);
    await builder.install({ suspend: true, podAnnotations: { changed: "yes" } });
    const job = await jobOf(running!.name);
    expect(job.metadata.uid).toBe(running!.uid);
    expect(job.spec.template.metadata.annotations).not.toHaveProperty("changed");
    expect(job.status.active).toBe(1);
    await behave("builder-*");
  });

  test("pods are admitted where the restricted Pod Security Standard is enforced", async () => {
    await asAdmin([
      "label",
      "namespace",
      own,
      "pod-security.kubernetes.io/enforce=restricted",
      "--overwrite",
    ]);
    await start("restricted");
    await untilCondition("restricted", "Complete CompletionsReached");
  });

  test("helm test runs validate", async () => {
    await behave("builder-test");
    expect(await helmRun(["test", "builder", "-n", own, "--timeout", "1m"])).toMatchObject({ exitCode: 0 });
  });
});
