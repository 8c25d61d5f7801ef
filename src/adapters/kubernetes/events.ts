/** Kubernetes Events on the Job that the builder runs in, and on the CronJob that the Job was made of. */
import { BatchV1Api, CoreV1Api, type V1OwnerReference } from "@kubernetes/client-node";
import { messageOf } from "../../errors.ts";
import type { Notifier } from "../../ports/notifier.ts";
import { type KubernetesConnection, mergePatch } from "./client.ts";
import { unlessRefused } from "./failures.ts";

export interface AnnouncerOptions {
  /** The Job (JOB_NAME); without it the owner of the pod. */
  jobName?: string | undefined;
  podName?: string | undefined;
  log: { debug(fields: object, message: string): void };
}

type Announcement = Parameters<Notifier["announce"]>[0];

const component = "powo-builder";
/** Limits of the API server's validation. */
const maxMessage = 1024;
const maxReason = 128;
const maxRemembered = 100;

/** Announces on the Job and its CronJob, or nowhere when there is none. Never throws: what goes wrong is logged at debug. */
export function createAnnouncer(
  connection: KubernetesConnection,
  options: AnnouncerOptions,
): Notifier["announce"] {
  const core = connection.api(CoreV1Api);
  const { namespace } = connection;
  /** The Event that said it first, and how often it was said. */
  const said = new Map<string, { name: string; count: number }>();
  let targets: V1OwnerReference[] = [];

  const announceOn = async (target: V1OwnerReference, announcement: Announcement): Promise<void> => {
    const { apiVersion, kind, name, uid } = target;
    const now = new Date();
    const key = JSON.stringify([uid, announcement]);
    const earlier = said.get(key);
    if (earlier) {
      const again = { name: earlier.name, body: { count: earlier.count + 1, lastTimestamp: now } };
      const patched = core.patchNamespacedEvent({ namespace, ...again }, mergePatch);
      // 404: Events live for an hour
      if (await unlessRefused(patched, 404)) {
        earlier.count += 1;
        return;
      }
    }
    const body = {
      metadata: { generateName: `${name.slice(0, 200)}.`, namespace },
      involvedObject: { apiVersion, kind, name, uid, namespace },
      ...{ ...announcement, count: 1, firstTimestamp: now, lastTimestamp: now },
      ...{ source: { component }, reportingComponent: component },
      reportingInstance: options.podName ?? name,
    };
    const { metadata } = await core.createNamespacedEvent({ namespace, body });
    if (said.size >= maxRemembered) said.clear();
    said.set(key, { name: metadata.name ?? "", count: 1 });
  };

  return async ({ type, reason, message }) => {
    const announcement = { type, reason: reason.slice(0, maxReason), message: message.slice(0, maxMessage) };
    try {
      if (targets.length === 0) targets = await findTargets(connection, options);
      for (const target of targets) await announceOn(target, announcement);
    } catch (error) {
      options.log.debug({ reason, error: messageOf(error) }, "could not write a Kubernetes Event");
    }
  };
}

async function findTargets(
  connection: KubernetesConnection,
  { jobName, podName }: AnnouncerOptions,
): Promise<V1OwnerReference[]> {
  const { namespace } = connection;
  let name = jobName;
  if (name === undefined && podName !== undefined) {
    const core = connection.api(CoreV1Api);
    const pod = await unlessRefused(core.readNamespacedPod({ namespace, name: podName }), 404);
    name = pod?.metadata?.ownerReferences?.find(({ kind }) => kind === "Job")?.name;
  }
  if (name === undefined || name === "") return [];
  const job = await unlessRefused(connection.api(BatchV1Api).readNamespacedJob({ namespace, name }), 404);
  const { uid, ownerReferences = [] } = job?.metadata ?? {};
  if (uid === undefined) return [];
  return [
    { apiVersion: "batch/v1", kind: "Job", name, uid },
    ...ownerReferences.filter(({ kind }) => kind === "CronJob"),
  ];
}
