/** Why something isn't as it should be: logs, warning events, what keeps a namespace. */
import type { CoreV1Api, CoreV1Event, V1ObjectMeta } from "@kubernetes/client-node";
import type { Cluster } from "../../ports/cluster.ts";
import { listAll } from "./client.ts";
import { unlessRefused } from "./failures.ts";

const maxWarnings = 20;
const maxLogBytes = 512 * 1024;

export function createDiagnosis(core: CoreV1Api): Pick<Cluster, "logs" | "warnings" | "blockers"> {
  return {
    async logs(namespace, pod, container, lines) {
      const asked = { namespace, name: pod, container, tailLines: lines, limitBytes: maxLogBytes };
      // 400: no previous life, or not started yet; 404: the pod is gone
      const read = (previous: object) =>
        unlessRefused(core.readNamespacedPodLog({ ...asked, ...previous }), 400, 404);
      const text = (await read({ previous: true })) ?? (await read({})) ?? "";
      const found = text.split(/\r?\n/);
      // Beyond the limit the last line is half a line, and may be half a secret.
      if (found.at(-1) === "" || Buffer.byteLength(text) >= maxLogBytes) found.pop();
      return found.slice(-lines);
    },

    async warnings(namespace, objectName) {
      const fieldSelector = `type=Warning${objectName === undefined ? "" : `,involvedObject.name=${objectName}`}`;
      const events = await listAll((query) =>
        core.listNamespacedEvent({ namespace, fieldSelector, ...query }),
      );
      return events
        .toSorted((one, other) => timeOf(one) - timeOf(other))
        .slice(-maxWarnings)
        .map(eventLine);
    },

    async blockers(name) {
      const namespace = await unlessRefused(core.readNamespace({ name }), 404);
      if (!namespace) return [];
      const conditions = (namespace.status?.conditions ?? [])
        .filter(({ status, type }) => status === "True" && type.startsWith("Namespace"))
        .map(({ type, message }) => `${type}: ${message ?? ""}`);
      const within = { namespace: name };
      const pods = listAll((query) => core.listNamespacedPod({ ...within, ...query }));
      const claims = listAll((query) => core.listNamespacedPersistentVolumeClaim({ ...within, ...query }));
      // 403: the builder's own RoleBinding may be among the first things that went
      const [podsLeft = [], claimsLeft = []] = await Promise.all([
        unlessRefused(pods, 403),
        unlessRefused(claims, 403),
      ]);
      return [
        ...conditions,
        ...(namespace.metadata?.finalizers ?? []).map((one) => `Namespace ${name}: finalizer ${one}`),
        ...podsLeft.flatMap((pod) => leftover("Pod", pod.metadata, pod.spec?.nodeName)),
        ...claimsLeft.flatMap((claim) => leftover("PersistentVolumeClaim", claim.metadata)),
      ];
    },
  };
}

function timeOf({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return new Date(time ?? 0).getTime() || 0;
}

function eventLine(event: CoreV1Event): string {
  const { involvedObject, reason = "", message = "", count = event.series?.count ?? 1 } = event;
  const times = count > 1 ? ` (${count} times)` : "";
  const about = `${involvedObject.kind ?? "object"} ${involvedObject.name ?? ""}`;
  return `${about}: ${reason}: ${message.trim()}${times}`;
}

function leftover(kind: string, metadata: V1ObjectMeta = {}, node?: string): string[] {
  const { name = "", finalizers = [], deletionTimestamp } = metadata;
  if (finalizers.length > 0) return [`${kind} ${name}: finalizer ${finalizers.join(", ")}`];
  if (deletionTimestamp === undefined) return [];
  return [`${kind} ${name}: terminating${node === undefined ? "" : ` on node ${node}`}`];
}
