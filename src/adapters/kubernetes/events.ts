/** Kubernetes Events on the Job that the builder runs in, and on the CronJob that the Job was made of. */
import { BatchV1Api, CoreV1Api } from "@kubernetes/client-node";
import { messageOf } from "../../errors.ts";
import type { Notifier } from "../../ports/notifier.ts";
import { type KubernetesConnection, mergePatch } from "./client.ts";
import { unlessRefused } from "./failures.ts";

export interface AnnouncerOptions {
  /** The Job (JOB_NAME); without it the owner of the pod. */
  jobName?: string | undefined;
  podName?: string | undefined;
  log: { debug(fields: object, message: string): void };
  now?: () => number;
}

type Announcement = Parameters<Notifier["announce"]>[0];

/** What an Event is about. */
interface Target {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
}

interface Events {
  core: CoreV1Api;
  batch: BatchV1Api;
  namespace: string;
}

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
  const events = {
    core: connection.api(CoreV1Api),
    batch: connection.api(BatchV1Api),
    namespace: connection.namespace,
  };
  /** The Event that said it first, and how often it was said. */
  const said = new Map<string, { name: string; count: number }>();
  let targets: Target[] = [];

  const announceOn = async (target: Target, announcement: Announcement): Promise<void> => {
    const time = new Date((options.now ?? Date.now)());
    const key = JSON.stringify([target.uid, announcement]);
    const earlier = said.get(key);
    if (earlier && (await countAgain(events, earlier, time))) {
      earlier.count += 1;
      return;
    }
    if (said.size >= maxRemembered) said.clear();
    const reporter = options.podName ?? target.name;
    const name = await createEvent(events, target, { ...announcement, time, reporter });
    said.set(key, { name, count: 1 });
  };

  return async ({ type, reason, message }) => {
    const announcement = { type, reason: reason.slice(0, maxReason), message: message.slice(0, maxMessage) };
    try {
      if (targets.length === 0) targets = await findTargets(events, options);
      for (const target of targets) await announceOn(target, announcement);
    } catch (error) {
      options.log.debug({ reason, error: messageOf(error) }, "could not write a Kubernetes Event");
    }
  };
}

async function createEvent(
  { core, namespace }: Events,
  target: Target,
  { type, reason, message, time, reporter }: Announcement & { time: Date; reporter: string },
): Promise<string> {
  const body = {
    metadata: { generateName: `${target.name.slice(0, 200)}.`, namespace },
    involvedObject: { ...target, namespace },
    ...{ type, reason, message },
    ...{ count: 1, firstTimestamp: time, lastTimestamp: time },
    source: { component },
    reportingComponent: component,
    reportingInstance: reporter,
  };
  return (await core.createNamespacedEvent({ namespace, body })).metadata.name ?? "";
}

/** False when the Event is gone: they live for an hour. */
async function countAgain(
  { core, namespace }: Events,
  { name, count }: { name: string; count: number },
  lastTimestamp: Date,
): Promise<boolean> {
  const body = { count: count + 1, lastTimestamp };
  const patched = core.patchNamespacedEvent({ namespace, name, body }, mergePatch);
  return (await unlessRefused(patched, 404)) !== undefined;
}

async function findTargets(
  { core, batch, namespace }: Events,
  { jobName, podName }: AnnouncerOptions,
): Promise<Target[]> {
  let name = jobName;
  if (name === undefined && podName !== undefined) {
    const pod = await unlessRefused(core.readNamespacedPod({ namespace, name: podName }), 404);
    name = pod?.metadata?.ownerReferences?.find(({ kind }) => kind === "Job")?.name;
  }
  if (name === undefined || name === "") return [];
  const job = await unlessRefused(batch.readNamespacedJob({ namespace, name }), 404);
  const { uid, ownerReferences = [] } = job?.metadata ?? {};
  if (uid === undefined) return [];
  const owner = ownerReferences.find(({ kind }) => kind === "CronJob");
  return [
    { apiVersion: "batch/v1", kind: "Job", name, uid },
    ...(owner ? [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid }] : []),
  ];
}
