/** Kubernetes Events on the Job that the builder runs in, and on the CronJob that the Job was made of. */
import { messageOf } from "../../errors.ts";
import type { Notifier } from "../../ports/notifier.ts";
import type { KubernetesConnection } from "./client.ts";
import { isStatus } from "./failures.ts";
import { apiVersionOf, resources } from "./resources.ts";

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
  /** The Event that said it first, and how often it was said. */
  const said = new Map<string, { name: string; count: number }>();
  let targets: Target[] = [];

  const announceOn = async (target: Target, announcement: Announcement): Promise<void> => {
    const time = new Date((options.now ?? Date.now)()).toISOString().replace(/\.\d+Z$/, "Z");
    const key = JSON.stringify([target.uid, announcement]);
    const earlier = said.get(key);
    if (earlier && (await countAgain(connection, earlier, time))) {
      earlier.count += 1;
      return;
    }
    if (said.size >= maxRemembered) said.clear();
    const reporter = options.podName ?? target.name;
    said.set(key, {
      name: await createEvent(connection, target, { ...announcement, time, reporter }),
      count: 1,
    });
  };

  const announce = async (announcement: Announcement): Promise<void> => {
    if (targets.length === 0) targets = await findTargets(connection, options);
    for (const target of targets) await announceOn(target, announcement);
  };

  return async ({ type, reason, message }) => {
    try {
      await announce({ type, reason: reason.slice(0, maxReason), message: message.slice(0, maxMessage) });
    } catch (error) {
      options.log.debug({ reason, error: messageOf(error) }, "could not write a Kubernetes Event");
    }
  };
}

async function createEvent(
  { api, namespace }: KubernetesConnection,
  target: Target,
  { type, reason, message, time, reporter }: Announcement & { time: string; reporter: string },
): Promise<string> {
  const created = await api.create(resources.events, namespace, {
    metadata: { generateName: `${target.name.slice(0, 200)}.`, namespace },
    involvedObject: { ...target, namespace },
    type,
    reason,
    message,
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component },
    reportingComponent: component,
    reportingInstance: reporter,
  });
  return created.metadata.name ?? "";
}

/** False when the Event is gone: they live for an hour. */
async function countAgain(
  { api, namespace }: KubernetesConnection,
  { name, count }: { name: string; count: number },
  lastTimestamp: string,
): Promise<boolean> {
  try {
    await api.patch(resources.events, { namespace, name }, { count: count + 1, lastTimestamp });
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

async function findTargets(
  { api, namespace }: KubernetesConnection,
  { jobName, podName }: AnnouncerOptions,
): Promise<Target[]> {
  let name = jobName;
  if (name === undefined && podName !== undefined) {
    const pod = await api.find(resources.pods, { namespace, name: podName });
    name = pod?.metadata?.ownerReferences?.find(({ kind }) => kind === "Job")?.name;
  }
  if (name === undefined || name === "") return [];
  const { uid, ownerReferences = [] } = (await api.find(resources.jobs, { namespace, name }))?.metadata ?? {};
  if (uid === undefined) return [];
  const job = { apiVersion: apiVersionOf(resources.jobs), kind: resources.jobs.kind, name, uid };
  const owner = ownerReferences.find(({ kind }) => kind === "CronJob");
  if (!owner) return [job];
  return [job, { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid }];
}
