/** From the original builder's chart to this one, as docs/migration.md says. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { asAdmin, chartDir, helmRun, makeBuilder, untilPoliciesHold } from "./cluster.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const builder = makeBuilder("mig");
const { environment: env, namespace: own } = builder;
const live = `${env}-old12`;
let old: string;

const values = {
  environment: env,
  schedule: "0 12 * * SUN",
  infrastructure: { tag: "master" },
  builder: { tag: "2.0.0" },
  project: "example-project",
  deleteExisting: true,
  strictErrorChecking: true,
  dataConfig: "https://storage.example.org/data.json",
  dns: [{ zone: "example", name: "example.org.", service: "ingress" }],
  password: { harvester: "x" },
  sa: { deployer: "{}" },
};

/** What the original's chart made: a CronJob, a Secret, a ConfigMap. */
async function writeOldChart(directory: string): Promise<void> {
  await mkdir(path.join(directory, "templates"));
  await writeFile(path.join(directory, "Chart.yaml"), "apiVersion: v1\nname: powo-builder\nversion: 0.1.0\n");
  const container = { name: "powo-builder", image: "old/builder:2.0.0" };
  const pod = { restartPolicy: "Never", containers: [container] };
  const jobTemplate = { spec: { backoffLimit: 0, template: { spec: pod } } };
  const objects = [
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "builder" },
      spec: { schedule: values.schedule, jobTemplate },
    },
    { apiVersion: "v1", kind: "Secret", metadata: { name: "deployer-secrets" }, stringData: { a: "b" } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "dns-configmap" }, data: { a: "b" } },
  ];
  await writeFile(
    path.join(directory, "templates/all.yaml"),
    objects.map((object) => stringify(object)).join("---\n"),
  );
}

beforeAll(async () => {
  old = await mkdtemp(path.join(tmpdir(), "powo-old-"));
  await writeOldChart(old);
  expect(await helmRun(["install", "builder", old, "-n", own, "--create-namespace"])).toMatchObject({
    exitCode: 0,
  });
  await asAdmin(["create", "namespace", live]);
});
afterAll(async () => {
  await builder.remove();
  await removeFolder(old);
});

test("the old release is upgraded in place with its own values, and nothing of it is left", async () => {
  const args = ["upgrade", "builder", chartDir, "-n", own, "-f", "-", "--reset-values"];
  expect(await helmRun(args, JSON.stringify(values))).toMatchObject({ exitCode: 0 });
  const left = await asAdmin(["get", "cronjobs,secrets,configmaps", "-n", own, "-o", "name"]);
  expect(left).toContain("cronjob.batch/builder-rollback");
  expect(left).not.toMatch(/deployer-secrets|dns-configmap/);
  const cronJob = JSON.parse(await asAdmin(["get", "cronjob", "builder", "-n", own, "-o", "json"]));
  expect(cronJob.spec.concurrencyPolicy).toBe("Forbid");
  expect(cronJob.spec.jobTemplate.spec.backoffLimit).toBeGreaterThan(0);
  expect(cronJob.spec.jobTemplate.spec.template.spec.containers).toHaveLength(1);
});

test("the old builder's live release, which has no labels, may be looked into and deleted", async () => {
  await untilPoliciesHold(builder);
  const role = `--clusterrole=powo-builder-${env}-release`;
  const bind = ["create", "rolebinding", "powo-builder", role, `--serviceaccount=${own}:builder`, "-n", live];
  expect(await builder.kubectl(bind)).toMatchObject({ exitCode: 0 });
  expect(await builder.kubectl(["delete", "namespace", live])).toMatchObject({ exitCode: 0 });
});
