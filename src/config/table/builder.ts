import type { Setting } from "../setting.ts";
import { durationKind, numberKind, offOrKind, oneOfKind } from "../setting.ts";
import { urlKind } from "../url-kinds.ts";
import { dnsLabel, objectName, optional, path, withDefault } from "./rows.ts";

const ignored = (): Setting<undefined> => ({
  group: "Of the original, without effect",
  type: "text",
  parse: () => ({ value: undefined }),
  description: "accepted and ignored; the builder talks to the cluster with its own service account.",
  ignored: true,
});

/** What the builder is and where it runs. */
export const builderRows = {
  BUILDER_CONFIG: withDefault(path, "/config/builder.yaml", {
    group: "The builder itself",
    description: "The file of structured settings; it may be absent.",
    environmentOnly: true,
  }),
  BUILDER_NAMESPACE: optional(dnsLabel("namespace"), {
    group: "The builder itself",
    description:
      "The namespace of the state ConfigMap and the Lease; else the pod's, or the kubeconfig context's.",
  }),
  POD_NAME: optional(objectName("pod name"), {
    group: "The builder itself",
    description: "The builder's pod, set by the chart; else the host name.",
    environmentOnly: true,
  }),
  JOB_NAME: optional(objectName("Job name"), {
    group: "The builder itself",
    description: "The builder's Job, set by the chart; else the pod's owner.",
    environmentOnly: true,
  }),
  SERVICE_ACCOUNT: optional(objectName("service account name"), {
    group: "The builder itself",
    description:
      "The builder's service account, set by the chart: it is given its rights in the new namespace. Needs RELEASE_ROLE.",
  }),
  RELEASE_ROLE: optional(objectName("ClusterRole name"), {
    group: "The builder itself",
    description:
      "The ClusterRole that SERVICE_ACCOUNT is bound to in the new release's namespace. Both are set, or neither.",
  }),
  LEASE_DURATION: withDefault(durationKind({ min: "1s" }), "90s", {
    group: "The builder itself",
    description: "How long the builder's Lease holds without being renewed; renewed every third of it.",
  }),
  KUBECONFIG: optional(path, {
    group: "The builder itself",
    description: "The kubeconfig file; without it the in-cluster service account is used.",
    environmentOnly: true,
  }),
  METRICS_PORT: withDefault(
    offOrKind(numberKind({ min: 1, max: 65_535, integer: true, example: "9090" })),
    "off",
    {
      group: "The builder itself",
      description: "The port of the metrics for Prometheus.",
    },
  ),
  NOTIFY_WEBHOOK_URL: optional(urlKind({ base: false }), {
    group: "The builder itself",
    description: "The URL that a JSON object is posted to when a run starts, waits, goes live or fails.",
    secret: "whole",
  }),
  LOG_LEVEL: withDefault(oneOfKind(["trace", "debug", "info", "warn", "error"]), "info", {
    group: "The builder itself",
    description: "The least severe lines that are written.",
  }),
  LOG_FORMAT: withDefault(oneOfKind(["pretty", "json"]), "pretty", {
    group: "The builder itself",
    description: "One readable line each, or JSON with Cloud Logging's fields.",
  }),
  TERMINATION_LOG: withDefault(path, "/dev/termination-log", {
    group: "The builder itself",
    description: "The file for the outcome that Kubernetes shows, written only if it exists.",
    environmentOnly: true,
  }),
};

/** What the original read and this builder has no use for. */
export const oldRows = {
  G_USER: ignored(),
  G_CLUSTER: ignored(),
  G_REGION: ignored(),
  G_ZONE: ignored(),
  G_SERVICE_ACCOUNT: ignored(),
};
