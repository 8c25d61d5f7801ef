import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { settingNames, table } from "../../../src/config/table.ts";
import {
  chartDir,
  environmentOf,
  fieldValues,
  helmTemplate,
  podOf,
  renderChart,
  requireObject,
  secretText,
  valuesWith,
} from "./render.ts";

const verbs = "abort approve cleanup history plan report retry rollback status update validate".split(" ");
const passwords = { harvester: "pa: ss", db: "d#b" };

test("accepts the original's values and mounts its files where they were", async () => {
  const values = await valuesWith({ password: passwords });
  const objects = await renderChart(values);
  const config = requireObject(objects, "ConfigMap", "builder-config");
  expect(parse(config.data["dns-mappings.yaml"])).toEqual({ dns: values["dns"] });
  expect(parse(secretText(objects, "secrets.yaml"))).toEqual({ password: passwords });
  expect(JSON.parse(secretText(objects, "service-account.json"))).toMatchObject({ type: "service_account" });
  const pod = podOf(objects);
  const mounts: { mountPath: string }[] = pod.spec.containers[0].volumeMounts;
  expect(mounts.map((mount) => mount.mountPath)).toEqual(["/tmp", "/tmp/secrets", "/config"]);
  const sources: { secret: { items: { path: string }[] } }[] = pod.spec.volumes[2].projected.sources;
  expect(sources.map((source) => source.secret.items[0]?.path)).toEqual([
    "secrets.yaml",
    "service-account.json",
  ]);
});

test("sets the original's environment variables", async () => {
  const env = environmentOf(podOf(await renderChart(await fieldValues())));
  expect(env).toMatchObject({
    ENVIRONMENT: "prod",
    DEPLOY_TAG: "master",
    DELETE_EXISTING: "true",
    STRICT_ERROR_CHECKING: "true",
    DATA_CONFIG_PATH: "https://storage.example.org/data-prod.json",
    G_PROJECT: "example-project",
    G_USER: "deployer@example-project.iam.gserviceaccount.com",
    G_CLUSTER: "powo-prod",
    G_REGION: "europe-west1",
    G_ZONE: "europe-west1-d",
    G_SERVICE_ACCOUNT: "/tmp/secrets/service-account.json",
    GOOGLE_APPLICATION_CREDENTIALS: "/tmp/secrets/service-account.json",
    API_PASSWORD: { secretKeyRef: { name: "builder-secrets", key: "api-password" } },
  });
});

test("tells the builder who and where it is", async () => {
  const env = environmentOf(podOf(await renderChart(await fieldValues())));
  expect(env["RELEASE_ROLE"]).toBe("powo-builder-prod-release");
  const paths = ["BUILDER_NAMESPACE", "POD_NAME", "SERVICE_ACCOUNT", "JOB_NAME", "JOB_UID"].map(
    (name) => (env[name] as { fieldRef: { fieldPath: string } }).fieldRef.fieldPath,
  );
  expect(paths).toEqual([
    "metadata.namespace",
    "metadata.name",
    "spec.serviceAccountName",
    "metadata.labels['batch.kubernetes.io/job-name']",
    "metadata.labels['batch.kubernetes.io/controller-uid']",
  ]);
});

test("`false` reaches the builder as false", async () => {
  for (const off of [false, "false", "no"]) {
    const objects = await renderChart(await valuesWith({ deleteExisting: off, strictErrorChecking: off }));
    expect(environmentOf(podOf(objects))).toMatchObject({
      DELETE_EXISTING: String(off),
      STRICT_ERROR_CHECKING: String(off),
    });
  }
});

test("no secret is a plain environment value or part of the ConfigMap", async () => {
  const values = await valuesWith({
    password: { harvester: "s3cret-harvester" },
    sa: { deployer: { private_key: "s3cret-key" } },
    notify: { webhookUrl: "https://chat.example.org/s3cret-hook" },
    dataConfig: "https://user:s3cret-data@storage.example.org/data.json",
    infrastructure: { source: "https://user:s3cret-git@git.example.org/i.git" },
    settings: {
      HTTPS_PROXY: "http://user:s3cret-proxy@proxy:3128",
      HTTP_PROXY: "user:s3cret-plain@proxy:3128",
    },
  });
  const objects = await renderChart(values);
  const open = objects.filter((object) => object.kind !== "Secret");
  expect(JSON.stringify(open)).not.toContain("s3cret");
  const env = environmentOf(podOf(objects));
  for (const name of [
    "API_PASSWORD",
    "NOTIFY_WEBHOOK_URL",
    "DATA_CONFIG_PATH",
    "CHART_SOURCE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
  ]) {
    expect(env[name]).toHaveProperty("secretKeyRef.name", "builder-secrets");
  }
});

test("with existing Secrets it makes none of its own", async () => {
  const objects = await renderChart(
    await valuesWith({
      password: {},
      existingSecret: "passwords",
      existingSecretKeys: { secretsFile: "values.yaml" },
      sa: { existingSecret: "google", key: "key.json" },
      notify: { existingSecret: "hook" },
      infrastructure: { sshKey: { existingSecret: "ssh" }, registry: { existingSecret: "registry" } },
    }),
  );
  expect(objects.some((object) => object.kind === "Secret")).toBe(false);
  const pod = podOf(objects);
  expect(pod.spec.volumes[2].projected.sources).toEqual([
    { secret: { name: "passwords", items: [{ key: "values.yaml", path: "secrets.yaml" }] } },
    { secret: { name: "google", items: [{ key: "key.json", path: "service-account.json" }] } },
    { secret: { name: "ssh", items: [{ key: "ssh-privatekey", path: "git-ssh-key" }] } },
    { secret: { name: "registry", items: [{ key: ".dockerconfigjson", path: "registry.json" }] } },
  ]);
  expect(environmentOf(pod)).toMatchObject({
    API_PASSWORD: { secretKeyRef: { name: "passwords", key: "api-password", optional: true } },
    NOTIFY_WEBHOOK_URL: { secretKeyRef: { name: "hook", key: "url" } },
    GIT_SSH_KEY_FILE: "/tmp/secrets/git-ssh-key",
    HELM_REGISTRY_CONFIG: "/tmp/secrets/registry.json",
  });
});

test("URLs that hold a password may come from a Secret that exists as well", async () => {
  const secretKeyRef = { name: "urls", key: "data" };
  const extraEnv = [{ name: "DATA_CONFIG_PATH", valueFrom: { secretKeyRef } }];
  const pod = podOf(await renderChart(await valuesWith({ dataConfig: "", extraEnv })));
  expect(environmentOf(pod)).toMatchObject({ DATA_CONFIG_PATH: { secretKeyRef } });
});

test("Workload Identity needs no key", async () => {
  const objects = await renderChart(await valuesWith({ sa: {}, workloadIdentity: true }));
  expect(requireObject(objects, "ServiceAccount", "builder").metadata.annotations).toEqual({
    "iam.gke.io/gcp-service-account": "deployer@example-project.iam.gserviceaccount.com",
  });
  expect(environmentOf(podOf(objects))).not.toHaveProperty("GOOGLE_APPLICATION_CREDENTIALS");
});

test("settings become variables, and extraEnv replaces what has the same name", async () => {
  const settings = {
    HARVEST_TIMEOUT: "24h",
    GATE_MIN_SHARE: 0.85,
    GATE_SENTINELS: ["1-1", "2-2"],
    JOB_LIST: 1,
  };
  const extraEnv = [
    { name: "LOG_LEVEL", value: "debug" },
    { name: "ENVIRONMENT", value: "other" },
  ];
  const pod = podOf(await renderChart(await valuesWith({ settings, extraEnv })));
  const names = (pod.spec.containers[0].env as { name: string }[]).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(environmentOf(pod)).toMatchObject({
    HARVEST_TIMEOUT: "24h",
    GATE_MIN_SHARE: "0.85",
    GATE_SENTINELS: "1-1,2-2",
    JOB_LIST: "1",
    LOG_LEVEL: "debug",
    ENVIRONMENT: "other",
  });
});

test("every setting of the builder can be set by a value", async () => {
  const { properties } = JSON.parse(await readFile(path.join(chartDir, "values.schema.json"), "utf8"));
  const ofTheImage = ["HELM_BIN", "KUBECONFIG", "TERMINATION_LOG"];
  const atTheirUsualPlace = ["BUILDER_CONFIG", "DNS_MAPPINGS_FILE", "SECRETS_FILE"];
  const set: string[] = [];
  for (const login of ["sshKey", "token"]) {
    const infrastructure = { tag: "x", source: "git@x:y", path: "p", [login]: { existingSecret: "s" } };
    const webhook = { webhookUrl: "https://h.example.org" };
    const values = await valuesWith({ infrastructure, notify: webhook, metrics: { port: 9090 } });
    set.push(...Object.keys(environmentOf(podOf(await renderChart(values)))));
  }
  const known = [...Object.keys(properties.settings.properties), ...set, ...ofTheImage, ...atTheirUsualPlace];
  expect(settingNames.filter((name) => !known.includes(name))).toEqual([]);
  expect(Object.keys(properties.settings.properties).filter((name) => !(name in table))).toEqual([]);
});

test("numbers arrive as they were written", async () => {
  const values = await valuesWith({ password: { harvester: 12345678 }, infrastructure: { tag: 20261122 } });
  const objects = await renderChart(values);
  expect(secretText(objects, "api-password")).toBe("12345678");
  expect(environmentOf(podOf(objects))["DEPLOY_TAG"]).toBe("20261122");
});

test("only the builder itself runs by the clock; each verb is a suspended template", async () => {
  const objects = await renderChart(await fieldValues());
  const cronJobs = objects.filter((object) => object.kind === "CronJob");
  expect(cronJobs.map((job) => job.metadata.name)).toEqual([
    "builder",
    ...verbs.map((verb) => `builder-${verb}`),
  ]);
  expect(requireObject(objects, "CronJob", "builder").spec).toMatchObject({
    schedule: "0 12 * * SUN",
    timeZone: "Etc/UTC",
    suspend: false,
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: 21600,
  });
  expect(podOf(objects).spec.containers[0].args).toBeUndefined();
  for (const verb of verbs) {
    expect(requireObject(objects, "CronJob", `builder-${verb}`).spec.suspend).toBe(true);
    expect(podOf(objects, `builder-${verb}`).spec.containers[0].args).toEqual([verb]);
  }
});

test("exit 1, 2 and 3 end the Job, disruptions do not count, everything else is tried again", async () => {
  const objects = await renderChart(await fieldValues());
  for (const job of objects.filter((object) => object.kind === "CronJob")) {
    const { spec } = job.spec.jobTemplate;
    expect(spec.podFailurePolicy.rules).toEqual([
      {
        action: "FailJob",
        onExitCodes: { containerName: "powo-builder", operator: "In", values: [1, 2, 3] },
      },
      { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    ]);
    expect(spec.template.spec.restartPolicy).toBe("Never");
    expect(spec.template.spec.containers[0].name).toBe("powo-builder");
  }
  // Waits of 10 s, 20 s … 6 min: this many failures in a row take longer than a working day.
  expect(
    requireObject(objects, "CronJob", "builder").spec.jobTemplate.spec.backoffLimit,
  ).toBeGreaterThanOrEqual(60);
});

test("a changed setting changes the pod's checksum, and nothing else does", async () => {
  const annotations = async (changes: Record<string, unknown>) =>
    podOf(await renderChart(await valuesWith(changes))).metadata.annotations;
  const before = await annotations({});
  expect(before["cluster-autoscaler.kubernetes.io/safe-to-evict"]).toBe("false");
  expect(await annotations({ suspend: true })).toEqual(before);
  expect((await annotations({ dns: [] }))["checksum/config"]).not.toBe(before["checksum/config"]);
  expect(await annotations({ password: { harvester: "x" } })).toEqual(before);
  expect(await annotations({ podAnnotations: { team: "powo" } })).toEqual({ ...before, team: "powo" });
});

test("renders the same twice, as Argo CD and Flux expect", async () => {
  const values = await fieldValues();
  const [one, two] = await Promise.all([helmTemplate(values), helmTemplate(values)]);
  expect(one.stdout).toBe(two.stdout);
  const hooks = (await renderChart(values)).filter((object) => object.metadata.annotations?.["helm.sh/hook"]);
  expect(hooks.map((object) => object.metadata.annotations["helm.sh/hook"])).toEqual(["test"]);
});

test("a run that is opened again has all that a run has", async () => {
  const objects = await renderChart(await valuesWith({ metrics: { port: 9090 } }));
  const jobOf = (name: string) => requireObject(objects, "CronJob", name).spec.jobTemplate.spec;
  const [run, retry] = [jobOf("builder"), jobOf("builder-retry")];
  const { args, ...container } = retry.template.spec.containers[0];
  expect(args).toEqual(["retry"]);
  expect({ ...retry, template: undefined }).toEqual({ ...run, template: undefined });
  expect(container).toEqual(run.template.spec.containers[0]);
});
