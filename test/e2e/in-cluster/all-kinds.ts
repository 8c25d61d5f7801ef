/** Every kind of object that the release role knows, added to the release's chart: the field's charts may come to have it. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";

const pod = {
  containers: [{ name: "main", image: "site-portal:2.4.1" }],
  // A DaemonSet would have one on the real node as well, where this image is not.
  nodeSelector: { "simulation.powo.kew.org/node": "simulated" },
};
/** Pods of its own: two kinds with one label would take each other's. */
const workload = (name: string) => ({
  selector: { matchLabels: { name } },
  template: { metadata: { labels: { name } }, spec: pod },
});
const job = { template: { spec: { ...pod, restartPolicy: "Never" } } };
const object = (apiVersion: string, kind: string, rest: object) => ({
  apiVersion,
  kind,
  metadata: { name: `extra-${kind.toLowerCase()}` },
  ...rest,
});
/** Helm starts it before an upgrade, waits for its end, and deletes it. */
const hook = {
  ...{ apiVersion: "batch/v1", kind: "Job", spec: job },
  metadata: {
    name: "extra-hook",
    annotations: { "helm.sh/hook": "pre-upgrade", "helm.sh/hook-delete-policy": "hook-succeeded" },
  },
};

const ingressBackend = { service: { name: "portal", port: { number: 80 } } };
const scaleTarget = { apiVersion: "apps/v1", kind: "Deployment", name: "portal" };
const objects = [
  object("v1", "ServiceAccount", {}),
  object("v1", "Pod", { spec: pod }),
  object("apps/v1", "StatefulSet", { spec: { serviceName: "db", ...workload("extra-set") } }),
  object("apps/v1", "DaemonSet", { spec: workload("extra-daemon") }),
  object("batch/v1", "Job", { spec: job }),
  hook,
  object("batch/v1", "CronJob", { spec: { schedule: "0 0 1 1 *", jobTemplate: { spec: job } } }),
  object("networking.k8s.io/v1", "Ingress", { spec: { defaultBackend: ingressBackend } }),
  object("networking.k8s.io/v1", "NetworkPolicy", { spec: { podSelector: {}, policyTypes: ["Egress"] } }),
  object("policy/v1", "PodDisruptionBudget", {
    spec: { maxUnavailable: 1, selector: { matchLabels: { name: "portal" } } },
  }),
  object("autoscaling/v2", "HorizontalPodAutoscaler", {
    spec: { minReplicas: 1, maxReplicas: 2, scaleTargetRef: scaleTarget },
  }),
];

/** Writes them into the chart of an infrastructure work tree. */
export async function addAllKinds(folder: string): Promise<void> {
  const documents = objects.map((entry) => stringify(entry)).join("---\n");
  await writeFile(path.join(folder, "powo/templates/all-kinds.yaml"), documents);
}
