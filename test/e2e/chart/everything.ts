/** Values that switch on every optional part of the chart. */
import { asAdmin } from "./cluster.ts";
import { chartTool } from "./tools.ts";
import type { Values } from "../../unit/chart/render.ts";

const secret = { existingSecret: "mine", key: "k" };

/** Everything that adds an object, or something to one. */
export const everything: Values = {
  password: {},
  existingSecret: "passwords",
  sa: secret,
  notify: secret,
  infrastructure: { token: secret, registry: secret, knownHosts: "git.example.org ssh-ed25519 AAAA" },
  config: { harvestTimeout: "24h" },
  settings: { APPROVAL: "manual", GATE_SENTINELS: ["1-1"] },
  // A login: the chart makes a Secret for it.
  dataConfig: "https://user:example@storage.example.org/data.json",
  extraEnv: [{ name: "HTTPS_PROXY", valueFrom: { secretKeyRef: { name: "proxy", key: "url" } } }],
  envFrom: [{ configMapRef: { name: "proxies", optional: true } }],
  extraVolumes: [{ name: "ca", configMap: { name: "corporate-ca" } }],
  extraVolumeMounts: [{ name: "ca", mountPath: "/etc/ca", readOnly: true }],
  extraObjects: [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "mine", namespace: "{{ .Release.Namespace }}" },
    },
  ],
  imagePullSecrets: [{ name: "registry" }],
  image: { digest: `sha256:${"a".repeat(64)}` },
  serviceAccount: { annotations: { a: "b" } },
  operators: [{ kind: "Group", name: "oncall@example.org" }],
  commonLabels: { team: "garden" },
  commonAnnotations: { cost: "42" },
  cronJobAnnotations: { a: "b" },
  priorityClassName: "system-cluster-critical",
  nodeSelector: { a: "b" },
  affinity: {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, preference: { matchExpressions: [{ key: "a", operator: "Exists" }] } },
      ],
    },
  },
  dnsPolicy: "None",
  dnsConfig: { nameservers: ["192.0.2.53"] },
  hostAliases: [{ ip: "192.0.2.1", hostnames: ["git.example.org"] }],
  podAnnotations: { a: "b" },
  podLabels: { a: "b" },
  rbac: { extraReleaseRules: [{ apiGroups: ["x.example.org"], resources: ["xs"], verbs: ["get"] }] },
  networkPolicy: { extraEgress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] },
  metrics: {
    port: 9090,
    podMonitor: {
      enabled: true,
      scrapeTimeout: "10s",
      relabelings: [{ action: "labeldrop", regex: "pod_template_hash" }],
    },
    podMonitoring: { enabled: true },
    rules: { enabled: true, extra: [{ alert: "Mine", expr: "vector(1)" }] },
    dashboard: { enabled: true, folder: "POWO" },
  },
};

const text = { type: "string" };
const map = { type: "object", additionalProperties: text };
/** What of Google's PodMonitoring the chart may use; its own definition is in no package registry. */
const podMonitoring = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "podmonitorings.monitoring.googleapis.com" },
  spec: {
    group: "monitoring.googleapis.com",
    scope: "Namespaced",
    names: { kind: "PodMonitoring", plural: "podmonitorings", singular: "podmonitoring" },
    versions: [
      {
        ...{ name: "v1", served: true, storage: true },
        schema: {
          openAPIV3Schema: {
            type: "object",
            required: ["spec"],
            properties: {
              spec: {
                type: "object",
                required: ["endpoints", "selector"],
                properties: {
                  selector: {
                    type: "object",
                    properties: {
                      matchLabels: map,
                      matchExpressions: {
                        type: "array",
                        items: {
                          type: "object",
                          required: ["key", "operator"],
                          properties: { key: text, operator: text, values: { type: "array", items: text } },
                        },
                      },
                    },
                  },
                  endpoints: {
                    type: "array",
                    items: {
                      type: "object",
                      required: ["port"],
                      properties: { port: { "x-kubernetes-int-or-string": true }, interval: text },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

/** Kinds that operators bring: the Prometheus Operator's own definitions, and Google's. They stay: other tests need them, too. */
export async function ensureKinds(): Promise<void> {
  const files = ["podmonitors", "prometheusrules"].map((kind) => chartTool(`crds/${kind}.yaml`));
  const apply = ["apply", "--server-side", "--force-conflicts"];
  await asAdmin([...apply, ...files.flatMap((file) => ["-f", file])]);
  await asAdmin([...apply, "-f", "-"], JSON.stringify(podMonitoring));
  const names = ["podmonitors.monitoring.coreos.com", "prometheusrules.monitoring.coreos.com"];
  for (const name of [...names, podMonitoring.metadata.name])
    await asAdmin(["wait", `crd/${name}`, "--for=condition=Established", "--timeout=60s"]);
}
