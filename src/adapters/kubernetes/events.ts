/** Kubernetes Events on the Job that the builder runs in. */
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

interface Job {
  name: string;
  uid: string;
}

const component = "powo-builder";
/** Limits of the API server's validation. */
const maxMessage = 1024;
const maxReason = 128;
const maxRemembered = 100;

/** Announces on the Job, or nowhere when there is none. Never throws: what goes wrong is logged at debug. */
export function createAnnouncer(
  connection: KubernetesConnection,
  options: AnnouncerOptions,
): Notifier["announce"] {
  /** The Event that said it first, and how often it was said. */
  const said = new Map<string, { name: string; count: number }>();
  let job: Job | undefined;

  const announce = async (announcement: Announcement): Promise<void> => {
    job ??= await findJob(connection, options);
    if (!job) return;
    const time = new Date((options.now ?? Date.now)()).toISOString().replace(/\.\d+Z$/, "Z");
    const key = JSON.stringify(announcement);
    const earlier = said.get(key);
    if (earlier && (await countAgain(connection, earlier, time))) {
      earlier.count += 1;
      return;
    }
    if (said.size >= maxRemembered) said.clear();
    const reporter = options.podName ?? job.name;
    said.set(key, {
      name: await createEvent(connection, job, { ...announcement, time, reporter }),
      count: 1,
    });
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
  job: Job,
  { type, reason, message, time, reporter }: Announcement & { time: string; reporter: string },
): Promise<string> {
  const { kind } = resources.jobs;
  const created = await api.create(resources.events, namespace, {
    metadata: { generateName: `${job.name.slice(0, 200)}.`, namespace },
    involvedObject: { apiVersion: apiVersionOf(resources.jobs), kind, namespace, ...job },
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

async function findJob(
  { api, namespace }: KubernetesConnection,
  { jobName, podName }: AnnouncerOptions,
): Promise<Job | undefined> {
  let name = jobName;
  if (name === undefined && podName !== undefined) {
    const pod = await api.find(resources.pods, { namespace, name: podName });
    name = pod?.metadata?.ownerReferences?.find(({ kind }) => kind === "Job")?.name;
  }
  if (name === undefined || name === "") return undefined;
  const job = await api.find(resources.jobs, { namespace, name });
  return job?.metadata?.uid === undefined ? undefined : { name, uid: job.metadata.uid };
}
