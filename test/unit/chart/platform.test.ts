/** What platforms ask of a chart: their labels, volumes, names and rights, and no secret where it can be viewed. */
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import {
  environmentOf,
  helmTemplate,
  podOf,
  renderChart,
  requireObject,
  secretText,
  type Values,
  valuesWith,
} from "./render.ts";

const withAll = {
  metrics: {
    port: 9090,
    podMonitor: { enabled: true },
    podMonitoring: { enabled: true },
    rules: { enabled: true },
    dashboard: { enabled: true },
  },
  operators: [{ kind: "Group", name: "oncall@example.org" }],
};

test("common labels and annotations are on every object and pod, and the chart's own labels win", async () => {
  const commonLabels = { team: "garden", "app.kubernetes.io/name": "theirs" };
  const commonAnnotations = { cost: "42" };
  const podLabels = { "app.kubernetes.io/component": "theirs", zone: "a" };
  const objects = await renderChart(
    await valuesWith({ ...withAll, commonLabels, commonAnnotations, podLabels }),
  );
  for (const { kind, metadata } of objects) {
    expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({
      team: "garden",
      "app.kubernetes.io/name": "powo-builder",
    });
    expect(metadata.annotations, `${kind} ${metadata.name}`).toMatchObject(commonAnnotations);
  }
  expect(podOf(objects, "builder-abort").metadata).toMatchObject({
    labels: { team: "garden", zone: "a", "app.kubernetes.io/component": "abort" },
    annotations: { cost: "42" },
  });
});

test("no key is there twice, whatever the values repeat", async () => {
  const labels = { "app.kubernetes.io/name": "x", "app.kubernetes.io/instance": "y", same: "z" };
  const values = await valuesWith({
    ...withAll,
    serviceAccount: { annotations: labels },
    ...{
      cronJobAnnotations: labels,
      commonLabels: labels,
      podLabels: labels,
      podAnnotations: labels,
      commonAnnotations: labels,
    },
    metrics: {
      ...withAll.metrics,
      podMonitor: { enabled: true, labels },
      rules: { enabled: true, labels },
      dashboard: { enabled: true, labels, annotations: labels },
    },
  });
  const { stdout } = await helmTemplate(values);
  // The parser of renderChart refuses a mapping that has a key twice.
  await expect(renderChart(values)).resolves.toBeDefined();
  expect(stdout).toContain("same: z");
});

test("selectors find the pods under another name", async () => {
  const objects = await renderChart(await valuesWith({ ...withAll, nameOverride: "rebuilder" }));
  const { labels } = podOf(objects).metadata;
  for (const [kind, selector] of [
    ["NetworkPolicy", "podSelector"],
    ["PodMonitor", "selector"],
    ["PodMonitoring", "selector"],
  ] as const) {
    const { matchLabels } = requireObject(objects, kind, "builder").spec[selector];
    expect(labels).toMatchObject(matchLabels);
    expect(matchLabels).toMatchObject({ "app.kubernetes.io/name": "rebuilder" });
  }
});

test("a suspended CronJob is no fault to Argo CD, and annotations of the operator's are merged", async () => {
  const objects = await renderChart(await valuesWith({ cronJobAnnotations: { mine: "1" } }));
  const annotations = (name: string) => requireObject(objects, "CronJob", name).metadata.annotations;
  expect(annotations("builder")).toEqual({ mine: "1" });
  expect(annotations("builder-abort")).toEqual({
    mine: "1",
    "argocd.argoproj.io/ignore-healthcheck": "true",
  });
});

test("pods take a private CA, variables, addresses and names of the platform", async () => {
  const objects = await renderChart(
    await valuesWith({
      extraVolumes: [{ name: "ca", configMap: { name: "corporate-ca" } }],
      extraVolumeMounts: [{ name: "ca", mountPath: "/etc/ca", readOnly: true }],
      extraEnv: [{ name: "NODE_EXTRA_CA_CERTS", value: "/etc/ca/ca.crt" }],
      envFrom: [{ configMapRef: { name: "proxies" } }],
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["192.0.2.53"] },
      hostAliases: [{ ip: "192.0.2.1", hostnames: ["git.example.org"] }],
      securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    }),
  );
  const { spec } = podOf(objects, "builder-status");
  expect(spec).toMatchObject({
    dnsPolicy: "None",
    dnsConfig: { nameservers: ["192.0.2.53"] },
    hostAliases: [{ ip: "192.0.2.1", hostnames: ["git.example.org"] }],
  });
  expect(spec.volumes).toContainEqual({ name: "ca", configMap: { name: "corporate-ca" } });
  expect(spec.containers[0]).toMatchObject({
    envFrom: [{ configMapRef: { name: "proxies" } }],
    securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    resources: { requests: { "ephemeral-storage": "256Mi" }, limits: { "ephemeral-storage": "2Gi" } },
  });
  expect(spec.containers[0].volumeMounts).toContainEqual({
    name: "ca",
    mountPath: "/etc/ca",
    readOnly: true,
  });
  expect(environmentOf(podOf(objects))["NODE_EXTRA_CA_CERTS"]).toBe("/etc/ca/ca.crt");
});

test("objects of the operator's own are installed, and may be templates", async () => {
  const object = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
  const extraObjects = [object("mine-{{ .Values.environment }}"), stringify(object("text"))];
  const objects = await renderChart(await valuesWith({ extraObjects }));
  expect(requireObject(objects, "ConfigMap", "mine-prod")).toEqual(object("mine-prod"));
  expect(requireObject(objects, "ConfigMap", "text")).toEqual(object("text"));
});

test("operators may do what the verbs need by kubectl, and nothing else", async () => {
  const operators = [
    { kind: "Group", name: "oncall@example.org" },
    { kind: "ServiceAccount", name: "bot", namespace: "ci" },
  ];
  const objects = await renderChart(await valuesWith({ operators }));
  expect(requireObject(objects, "RoleBinding", "builder-operator").subjects).toEqual([
    { kind: "Group", name: "oncall@example.org", apiGroup: "rbac.authorization.k8s.io" },
    { kind: "ServiceAccount", name: "bot", namespace: "ci" },
  ]);
  const rules = requireObject(objects, "Role", "builder-operator").rules as {
    resources: string[];
    verbs: string[];
  }[];
  const rights = rules.flatMap(({ resources, verbs }) => verbs.map((verb) => `${verb} ${resources.join()}`));
  expect(rights).toEqual([
    ...["get cronjobs", "list cronjobs"],
    ...["get", "list", "watch", "create", "delete"].map((verb) => `${verb} jobs`),
    ...["get", "list", "watch"].map((verb) => `${verb} pods`),
    ...["get pods/log", "create pods/portforward", "get events", "list events", "get configmaps"],
  ]);
  const without = await renderChart(await valuesWith({}));
  expect(without.some(({ metadata }) => metadata.name === "builder-operator")).toBe(false);
});

test("a PodMonitor may stand elsewhere, with limits and labels of Prometheus' own", async () => {
  const relabelings = [{ action: "labeldrop", regex: "pod_template_hash" }];
  const podMonitor = { enabled: true, namespace: "monitoring", scrapeTimeout: "10s", relabelings };
  const objects = await renderChart(await valuesWith({ metrics: { port: 9090, podMonitor } }));
  expect(requireObject(objects, "PodMonitor", "builder")).toMatchObject({
    metadata: { namespace: "monitoring" },
    spec: {
      namespaceSelector: { matchNames: ["builder-prod"] },
      podMetricsEndpoints: [{ port: "metrics", scrapeTimeout: "10s", relabelings }],
    },
  });
});

describe("a URL with a login or a token goes into the Secret", () => {
  const urls = {
    "a password": "https://user:s3cret@host.example.org/x",
    "a token as user": "https://s3cret@host.example.org/x",
    "a token in the query": "https://host.example.org/x?private_token=s3cret",
    "a signature": "https://host.example.org/x?X-Goog-Signature=s3cret&a=b",
    "a registry's login": "oci://user:s3cret@registry.example.org/x",
    "a password for scp": "user:s3cret@host.example.org:x.git",
    "a password for ssh": "ssh://user:s3cret@host.example.org/x",
  };
  const places: Record<string, (url: string) => Values> = {
    DATA_CONFIG_PATH: (dataConfig) => ({ dataConfig }),
    CHART_SOURCE: (source) => ({ infrastructure: { source } }),
    API_PREFIX: (url) => ({ settings: { API_PREFIX: url } }),
    SITE_PREFIX: (url) => ({ settings: { SITE_PREFIX: url } }),
    CLOUD_DNS_ENDPOINT: (url) => ({ settings: { CLOUD_DNS_ENDPOINT: url } }),
    HTTPS_PROXY: (url) => ({ settings: { HTTPS_PROXY: url } }),
  };
  const cases = Object.keys(places).flatMap((name) =>
    Object.entries(urls).map(([what, url]) => ({ name, what, url })),
  );
  test.each(cases)("$name with $what", async ({ name, url }) => {
    const rendered = await helmTemplate(await valuesWith(places[name]!(url)));
    if (rendered.exitCode !== 0) {
      // What the schema refuses is not installed at all.
      expect(rendered.stderr).toContain(name === "DATA_CONFIG_PATH" ? "dataConfig" : name);
      return;
    }
    const objects = await renderChart(await valuesWith(places[name]!(url)));
    const key = name.toLowerCase().replaceAll("_", "-");
    expect(environmentOf(podOf(objects))[name]).toEqual({ secretKeyRef: { name: "builder-secrets", key } });
    expect(secretText(objects, key)).toBe(url);
    expect(JSON.stringify(objects.filter(({ kind }) => kind !== "Secret"))).not.toContain("s3cret");
  });

  test.each(Object.values(urls))("builder.yaml with %s", async (url) => {
    const config = { chartSource: url };
    const objects = await renderChart(await valuesWith({ config }));
    expect(secretText(objects, "builder.yaml")).toBe(stringify(config));
    expect(JSON.stringify(objects.filter(({ kind }) => kind !== "Secret"))).not.toContain("s3cret");
    expect(podOf(objects).spec.volumes[1].projected.sources).toMatchObject([
      { configMap: { name: "builder-config" } },
      { secret: { name: "builder-secrets", items: [{ key: "builder.yaml", path: "builder.yaml" }] } },
    ]);
  });

  test.each([
    "https://git.example.org/x.git",
    "git@git.example.org:x.git",
    "ssh://git@git.example.org/x.git",
  ])("%s stays where it is seen", async (source) => {
    const objects = await renderChart(
      await valuesWith({ infrastructure: { source }, config: { chartPath: "powo" } }),
    );
    expect(environmentOf(podOf(objects))["CHART_SOURCE"]).toBe(source);
    expect(requireObject(objects, "ConfigMap", "builder-config").data).toHaveProperty(["builder.yaml"]);
  });
});

test("nothing that may be viewed changes with a secret: no checksum can be guessed from", async () => {
  const open = async (harvester: string) =>
    (await renderChart(await valuesWith({ password: { harvester } }))).filter(
      ({ kind }) => kind !== "Secret",
    );
  expect(await open("guess1")).toEqual(await open("guess2"));
});

describe("the original's values files", () => {
  const field = {
    schedule: "0 12 * * SUN",
    infrastructure: { tag: "master" },
    cluster: "powo-prod",
    dataConfig: "https://storage.example.org/data.json",
    dns: [{ zone: "z", name: "prod.example.org.", service: "ingress" }],
    password: { harvester: "example" },
    sa: { deployer: '{"type":"service_account"}' },
  };
  test.each(["prod", "uat"])("of %s alone are enough", async (environment) => {
    expect(environmentOf(podOf(await renderChart({ ...field, environment })))).toMatchObject({
      G_PROJECT: "powop-1349",
      G_USER: "deployer@powop-1349.iam.gserviceaccount.com",
      G_CLUSTER: "powo-prod",
      G_REGION: "europe-west1-d",
      G_ZONE: "europe-west1-d",
    });
  });

  test("of another environment have to name the project", async () => {
    const { stderr } = await helmTemplate({ ...field, environment: "test" });
    expect(stderr).toContain("project: missing");
  });
});
