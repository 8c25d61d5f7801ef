/** Why something isn't as it should be: logs, warning events, what keeps a namespace. */
import type { CoreV1Api, CoreV1Event, V1ObjectMeta } from "@kubernetes/client-node";
import { listAll } from "./client.ts";
import { unlessRefused } from "./failures.ts";

const maxWarnings = 20;
const maxLogBytes = 512 * 1024;

/** The last lines of a container's log; see Cluster.logs. */
export async function readLogs(
  core: CoreV1Api,
  { namespace, pod, container }: { namespace: string; pod: string; container: string },
  lines: number,
): Promise<string[]> {
  const asked = { namespace, name: pod, container, tailLines: lines, limitBytes: maxLogBytes };
  // 400: no previous life, or not started yet; 404: the pod is gone
  const read = (previous: object) =>
    unlessRefused(core.readNamespacedPodLog({ ...asked, ...previous }), 400, 404);
  const text = (await read({ previous: true })) ?? (await read({})) ?? "";
  const found = text.split(/\r?\n/);
  if (found.at(-1) === "") found.pop();
  return found.slice(-lines);
}

/** The last warning events, one line each, oldest first. */
export async function findWarnings(
  core: CoreV1Api,
  namespace: string,
  objectName?: string,
): Promise<string[]> {
  const fieldSelector = `type=Warning${objectName === undefined ? "" : `,involvedObject.name=${objectName}`}`;
  const events = await listAll((query) => core.listNamespacedEvent({ namespace, fieldSelector, ...query }));
  return events
    .toSorted((one, other) => timeOf(one) - timeOf(other))
    .slice(-maxWarnings)
    .map(eventLine);
}

function timeOf({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return new Date(time ?? 0).getTime() || 0;
}

function eventLine(event: CoreV1Event): string {
  const { involvedObject, reason = "", message = "", count = event.series?.count ?? 1 } = event;
  const times = count > 1 ? ` (${count} times)` : "";
  const about = `${involvedObject.kind ?? "object"} ${involvedObject.name ?? ""}`;
  return `${about}: ${reason}: ${message.replaceAll(/\s+/g, " ").trim()}${times}`;
}

/** What keeps a terminating namespace, one line each; [] when it is gone or nothing is known. */
export async function findBlockers(core: CoreV1Api, name: string): Promise<string[]> {
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
}

function leftover(kind: string, metadata: V1ObjectMeta = {}, node?: string): string[] {
  const { name = "", finalizers = [], deletionTimestamp } = metadata;
  if (finalizers.length > 0) return [`${kind} ${name}: finalizer ${finalizers.join(", ")}`];
  if (deletionTimestamp === undefined) return [];
  return [`${kind} ${name}: terminating${node === undefined ? "" : ` on node ${node}`}`];
}
