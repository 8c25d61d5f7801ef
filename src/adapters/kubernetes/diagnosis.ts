/** Why something isn't as it should be: logs, warning events, what keeps a namespace. */
import { PermanentError } from "../../errors.ts";
import type { Api } from "./api.ts";
import { isStatus } from "./failures.ts";
import { resources, type KubernetesEvent } from "./resources.ts";

const maxWarnings = 20;
const maxLogBytes = 512 * 1024;

/** The last lines of a container's log; see Cluster.logs. */
export async function readLogs(
  api: Api,
  { namespace, pod, container }: { namespace: string; pod: string; container: string },
  lines: number,
): Promise<string[]> {
  const read = async (previous: boolean): Promise<string | undefined> => {
    const place = { namespace, name: pod, subresource: "log" };
    const query = { container, tailLines: String(lines), limitBytes: String(maxLogBytes) };
    try {
      return await api.text(resources.pods, place, { ...query, ...(previous && { previous: "true" }) });
    } catch (error) {
      // 400: no previous life, or not started yet; 404: the pod is gone
      if (isStatus(error, 400, 404)) return undefined;
      throw error;
    }
  };
  const text = (await read(true)) ?? (await read(false)) ?? "";
  const found = text.split(/\r?\n/);
  if (found.at(-1) === "") found.pop();
  return found.slice(-lines);
}

/** The last warning events, one line each, oldest first. */
export async function findWarnings(api: Api, namespace: string, objectName?: string): Promise<string[]> {
  const fields = ["type=Warning", ...(objectName === undefined ? [] : [`involvedObject.name=${objectName}`])];
  const events = await api.list(resources.events, { namespace, fieldSelector: fields.join(",") });
  return events
    .toSorted((one, other) => timeOf(one) - timeOf(other))
    .slice(-maxWarnings)
    .map(eventLine);
}

function timeOf({ series, lastTimestamp, eventTime, metadata }: KubernetesEvent): number {
  const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return time === undefined ? 0 : Date.parse(time) || 0;
}

function eventLine(event: KubernetesEvent): string {
  const { involvedObject, reason = "", message = "", count = event.series?.count ?? 1 } = event;
  const times = count > 1 ? ` (${count} times)` : "";
  const about = `${involvedObject.kind ?? "object"} ${involvedObject.name ?? ""}`;
  return `${about}: ${reason}: ${message.replaceAll(/\s+/g, " ").trim()}${times}`;
}

/** What keeps a terminating namespace, one line each; [] when it is gone or nothing is known. */
export async function findBlockers(api: Api, name: string): Promise<string[]> {
  const namespace = await api.find(resources.namespaces, { name });
  if (!namespace) return [];
  const conditions = (namespace.status?.conditions ?? [])
    .filter(({ status, type }) => status === "True" && type.startsWith("Namespace"))
    .map(({ type, message }) => `${type}: ${message ?? ""}`);
  const finalizers = (namespace.metadata?.finalizers ?? []).map(
    (one) => `Namespace ${name}: finalizer ${one}`,
  );
  const [pods, claims] = await Promise.all([
    unlessForbidden(api.list(resources.pods, { namespace: name })),
    unlessForbidden(api.list(resources.claims, { namespace: name })),
  ]);
  return [
    ...conditions,
    ...finalizers,
    ...pods.flatMap((pod) => leftover("Pod", pod.metadata, pod.spec?.nodeName)),
    ...claims.flatMap((claim) => leftover("PersistentVolumeClaim", claim.metadata)),
  ];
}

/** The builder's own RoleBinding may be among the first things that went. */
async function unlessForbidden<T>(found: Promise<T[]>): Promise<T[]> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof PermanentError) return [];
    throw error;
  }
}

function leftover(
  kind: string,
  metadata: { name?: string; finalizers?: string[]; deletionTimestamp?: string } = {},
  node?: string,
): string[] {
  const { name = "", finalizers = [], deletionTimestamp } = metadata;
  if (finalizers.length > 0) return [`${kind} ${name}: finalizer ${finalizers.join(", ")}`];
  if (deletionTimestamp === undefined) return [];
  return [`${kind} ${name}: terminating${node === undefined ? "" : ` on node ${node}`}`];
}
