import { url } from "../urls.ts";
import { duration, label, matching, number, offOr, oneOf, path, text } from "../values.ts";
import { group } from "./row.ts";

const objectName = (title: string) =>
  matching(title, /^[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?$/, "a name of a-z, 0-9, - and .; write builder");
const notInChart = { environmentOnly: true, chart: false } as const;

export const builder = group("The builder itself", {
  BUILDER_CONFIG: {
    value: path.prefault("/config/builder.yaml"),
    description: "The file of structured settings; it may be absent.",
    environmentOnly: true,
    chart: "config",
  },
  BUILDER_NAMESPACE: {
    value: label("namespace", 63, "builder-prod").optional(),
    description:
      "The namespace of the state ConfigMap and the Lease; by default the pod's, or the kubeconfig context's.",
    chart: false,
  },
  POD_NAME: {
    value: objectName("pod name").optional(),
    description: "The builder's pod, set by the chart; by default the host name.",
    ...notInChart,
  },
  JOB_NAME: {
    value: objectName("Job name").optional(),
    description: "The builder's Job, set by the chart; by default the pod's owner.",
    ...notInChart,
  },
  JOB_UID: {
    value: objectName("uid").optional(),
    description: "Tells the builder's Job from another of the same name; set by the chart.",
    ...notInChart,
  },
  SERVICE_ACCOUNT: {
    value: objectName("service account name").optional(),
    description:
      "The builder's service account, which gets its rights in the new namespace; set by the chart. Needs RELEASE_ROLE.",
    needs: "RELEASE_ROLE",
    chart: "serviceAccount.name",
  },
  RELEASE_ROLE: {
    value: objectName("ClusterRole name").optional(),
    description:
      "The ClusterRole that SERVICE_ACCOUNT is bound to in the new release's namespace. Set both or neither.",
    needs: "SERVICE_ACCOUNT",
    chart: false,
  },
  LEASE_DURATION: {
    at: "leaseDurationMs",
    value: duration({ min: "1s" }).prefault("90s"),
    description: "How long the builder's Lease is valid without renewal; it is renewed every third of that.",
  },
  KUBECONFIG: {
    value: path.optional(),
    description: "The kubeconfig file; without it the in-cluster service account is used.",
    ...notInChart,
  },
  METRICS_PORT: {
    value: offOr(number({ min: 1, max: 65_535, integer: true, example: "9090" })).prefault("off"),
    description:
      "The port of the metrics and the live page, on all addresses; off: port 8484 on the pod's loopback only.",
    chart: "metrics.port",
  },
  NOTIFY_WEBHOOK_URL: {
    value: url.optional(),
    description: "The webhook that gets a JSON object when a run starts, waits, goes live or fails.",
    secret: "whole",
    chart: "notify.webhookUrl",
  },
  LOG_LEVEL: {
    value: oneOf(["trace", "debug", "info", "warn", "error"]).prefault("info"),
    description: "The lowest severity that is logged.",
  },
  LOG_FORMAT: {
    value: oneOf(["pretty", "json"]).prefault("pretty"),
    description: "How log lines look: for people, or JSON with Cloud Logging's fields.",
  },
  TERMINATION_LOG: {
    value: path.prefault("/dev/termination-log"),
    description:
      "The termination message file, from which Kubernetes shows the outcome; written only if it exists.",
    ...notInChart,
  },
});

const proxy = { value: text.optional(), environmentOnly: true, secret: "credentials" } as const;

/** Read by the libraries that send requests, and by Helm and git. */
export const proxies = group("Proxies", {
  HTTPS_PROXY: { ...proxy, description: "The proxy for https:// URLs; `https_proxy` is the same setting." },
  HTTP_PROXY: { ...proxy, description: "The proxy for http:// URLs; `http_proxy` is the same setting." },
  NO_PROXY: {
    value: text.optional(),
    environmentOnly: true,
    description:
      "Hosts to reach without a proxy, comma-separated; each includes its subdomains. `no_proxy` is the same setting.",
  },
});

const ignored = {
  value: text.optional(),
  ignored: true,
  description: "accepted and ignored; the builder talks to the cluster with its own service account.",
} as const;

export const original = group("From the original, without effect", {
  G_USER: { ...ignored, chart: "user" },
  G_CLUSTER: { ...ignored, chart: "cluster" },
  G_REGION: { ...ignored, chart: "region" },
  G_ZONE: { ...ignored, chart: "zone" },
  G_SERVICE_ACCOUNT: { ...ignored, chart: false },
});
