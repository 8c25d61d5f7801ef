/** Jobs: pods until enough have succeeded, with failure policies and a limit to retries. */
import { deleteObject } from "../deletion.ts";
import { requireType } from "../resources.ts";
import { timestamp } from "../types.ts";
import type { KubeObject, Loose } from "../types.ts";
import { controllerOf, isTerminating, ownedBy } from "./loop.ts";
import type { Controller, World } from "./loop.ts";
import { createPod, isActive, isReady } from "./pod-template.ts";
import { setCondition } from "./pod-status.ts";
import { record } from "./recorder.ts";

/** The real controller waits 10 s, 20 s … between tries: tests don't. */
const retryMs = 500;

interface Verdict {
  type: "Complete" | "Failed";
  reason: string;
  message: string;
}

export const jobs: Controller = {
  kind: "Job",
  concerns: (changed, store) => (changed.kind === "Pod" ? controllerOf(store, changed, "Job") : []),
  reconcile(world, job) {
    if (isTerminating(job)) return undefined;
    if (isDone(job)) return expire(world, job);
    const pods = ownedBy(world.store, "Pod", job);
    const succeeded = pods.filter((pod) => pod.status?.phase === "Succeeded").length;
    const failures = pods.filter((pod) => pod.status?.phase === "Failed");
    const verdict = judge(job, succeeded, failures);
    const active = pods.filter(isActive);
    if (verdict || job.spec.suspend) {
      for (const { metadata } of active)
        deleteObject(world.registry, requireType("Pod"), metadata.namespace, metadata.name);
    } else {
      const ended = Math.max(0, ...failures.map(finishedAt));
      const wait = failures.length > 0 ? ended + retryMs - Date.now() : 0;
      if (wait > 0) {
        writeStatus(world, job, undefined);
        return wait;
      }
      const open = Number(job.spec.completions ?? 1) - succeeded;
      const wanted = Math.min(Number(job.spec.parallelism), open) - active.length;
      for (let missing = wanted; missing > 0; missing -= 1)
        createPod(world, job, { generateName: `${job.metadata.name}-` });
    }
    writeStatus(world, job, verdict);
    const deadline = job.spec.activeDeadlineSeconds as number | undefined;
    if (verdict || deadline === undefined || !job.status?.startTime) return undefined;
    return Date.parse(String(job.status.startTime)) + deadline * 1000 - Date.now() + 50;
  },
};

const isDone = (job: KubeObject): boolean =>
  ((job.status?.conditions ?? []) as Loose[]).some(
    (item) => ["Complete", "Failed"].includes(String(item.type)) && item.status === "True",
  );

function finishedAt(pod: KubeObject): number {
  const ends = ((pod.status?.containerStatuses ?? []) as Loose[]).map((item) =>
    Date.parse(String(item.state?.terminated?.finishedAt)),
  );
  return Math.max(0, ...ends.filter((time) => !Number.isNaN(time)));
}

function judge(job: KubeObject, succeeded: number, failures: KubeObject[]): Verdict | undefined {
  const { spec, status } = job;
  if (succeeded >= Number(spec.completions ?? 1)) {
    return {
      type: "Complete",
      reason: "CompletionsReached",
      message: "Reached expected number of succeeded pods",
    };
  }
  const actions = failures.map((pod) => ({ pod, action: policyFor(job, pod) }));
  const fatal = actions.find(({ action }) => action?.action === "FailJob");
  if (fatal) return { type: "Failed", reason: "PodFailurePolicy", message: fatal.action?.message ?? "" };
  const counted = actions.filter(({ action }) => action?.action !== "Ignore").length;
  if (counted > Number(spec.backoffLimit)) {
    return {
      type: "Failed",
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    };
  }
  const deadline = spec.activeDeadlineSeconds as number | undefined;
  if (
    deadline !== undefined &&
    status?.startTime &&
    Date.now() - Date.parse(String(status.startTime)) >= deadline * 1000
  ) {
    return {
      type: "Failed",
      reason: "DeadlineExceeded",
      message: "Job was active longer than specified deadline",
    };
  }
  return undefined;
}

/** What the podFailurePolicy says about a failed pod: the first rule that matches. */
function policyFor(job: KubeObject, pod: KubeObject): { action: string; message: string } | undefined {
  const rules = (job.spec.podFailurePolicy?.rules ?? []) as Loose[];
  const where = `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
  for (const [index, { action, onExitCodes, onPodConditions }] of rules.entries()) {
    const rule = `matching ${String(action)} rule at index ${index}`;
    const condition = matchingCondition(pod, (onPodConditions ?? []) as Loose[]);
    if (condition) return { action, message: `Pod ${where} has condition ${condition} ${rule}` };
    const exit = onExitCodes && matchingExit(pod, onExitCodes);
    if (!exit) continue;
    const code = Number(exit.state.terminated.exitCode);
    return {
      action,
      message: `Container ${String(exit.name)} for pod ${where} failed with exit code ${code} ${rule}`,
    };
  }
  return undefined;
}

function matchingCondition(pod: KubeObject, patterns: Loose[]): string | undefined {
  const conditions = (pod.status?.conditions ?? []) as Loose[];
  const found = patterns.find(({ type, status = "True" }) =>
    conditions.some((item) => item.type === type && item.status === status),
  );
  return found && String(found.type);
}

/** The status of the container whose exit code a rule is about. */
function matchingExit(pod: KubeObject, { containerName, operator, values }: Loose): Loose {
  return ((pod.status?.containerStatuses ?? []) as Loose[]).find(({ name, state }) => {
    const code = state?.terminated?.exitCode as number | undefined;
    if (!code || (containerName && containerName !== name)) return false;
    return values.includes(code) === (operator === "In");
  });
}

function writeStatus(world: World, job: KubeObject, verdict: Verdict | undefined): void {
  const pods = ownedBy(world.store, "Pod", job);
  const active = pods.filter(isActive);
  const count = (phase: string) => pods.filter((pod) => pod.status?.phase === phase).length;
  world.registry.edit("Job", job, (draft) => {
    const status = (draft.status ??= {});
    if (!job.spec.suspend) status.startTime ??= timestamp();
    status.ready = active.filter(isReady).length;
    status.terminating = pods.filter(isTerminating).length;
    status.uncountedTerminatedPods = {};
    for (const [field, value] of Object.entries({
      active: active.length,
      succeeded: count("Succeeded"),
      failed: count("Failed"),
    })) {
      if (value > 0) status[field] = value;
      else Reflect.deleteProperty(status, field);
    }
    const conditions = (status.conditions ??= []) as Loose[];
    if (job.spec.suspend)
      setCondition(conditions, {
        type: "Suspended",
        status: "True",
        reason: "JobSuspended",
        message: "Job suspended",
      });
    if (!verdict) return;
    const { type, reason, message } = verdict;
    const lastProbeTime = timestamp();
    const target = type === "Complete" ? "SuccessCriteriaMet" : "FailureTarget";
    for (const condition of [target, type])
      setCondition(conditions, { type: condition, status: "True", reason, message, lastProbeTime });
    if (type === "Complete") status.completionTime = timestamp();
  });
  if (verdict?.type === "Complete")
    record(world, "job-controller", job, { type: "Normal", reason: "Completed", message: "Job completed" });
  else if (verdict)
    record(world, "job-controller", job, {
      type: "Warning",
      reason: verdict.reason,
      message: verdict.message,
    });
}

/** Deletes a finished Job when its time to live is over. */
function expire(world: World, job: KubeObject): number | undefined {
  const seconds = job.spec.ttlSecondsAfterFinished as number | undefined;
  if (seconds === undefined) return undefined;
  const end = (job.status.conditions as Loose[]).map((item) => Date.parse(String(item.lastTransitionTime)));
  const left = Math.max(...end) + seconds * 1000 - Date.now();
  if (left > 0) return left;
  deleteObject(world.registry, requireType("Job"), job.metadata.namespace, job.metadata.name, {
    propagationPolicy: "Background",
  });
  return undefined;
}
