/** Writes a moment of a pod's life down as a kubelet would. */
import { createHash } from "node:crypto";
import { timestamp } from "../types.ts";
import type { KubeObject, Loose } from "../types.ts";
import type { Moment } from "./timeline.ts";

const sha = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The status of a pod at a moment; times of what did not change stay. */
export function podStatusAt(pod: KubeObject, moment: Moment): Loose {
  const before = pod.status ?? {};
  const status: Loose = { ...before, phase: phaseOf(moment), startTime: before.startTime ?? timestamp() };
  status.observedGeneration = pod.metadata.generation;
  const evicted = moment.reason === "Evicted";
  for (const key of ["reason", "message"] as const) {
    if (evicted) status[key] = moment[key];
    else Reflect.deleteProperty(status, key);
  }
  if (pod.spec.initContainers?.length) status.initContainerStatuses = initStatuses(pod, moment);
  status.containerStatuses = statusesOf(pod, pod.spec.containers, before.containerStatuses, moment);
  status.conditions = [...(before.conditions ?? [])];
  for (const condition of conditionsOf(pod, moment, String(status.phase)))
    setCondition(status.conditions, condition);
  return status;
}

export interface Condition {
  type: string;
  status: "True" | "False";
  reason?: string;
  message?: string;
}

/** Sets a condition in a list; its transition time changes with its status only. */
export function setCondition(
  conditions: Loose[],
  condition: Condition & Record<string, unknown>,
  extra: object = {},
): void {
  const index = conditions.findIndex((item) => item.type === condition.type);
  const old = index === -1 ? undefined : conditions[index];
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : timestamp();
  const next = { ...extra, ...condition, lastTransitionTime };
  if (index === -1) conditions.push(next);
  else conditions[index] = next;
}

function phaseOf({ state, exitCode }: Moment): string {
  if (state === "waiting") return "Pending";
  if (state !== "exited") return "Running";
  return exitCode ? "Failed" : "Succeeded";
}

function conditionsOf(
  pod: KubeObject,
  moment: Moment,
  phase: string,
): (Condition & Record<string, unknown>)[] {
  const names = (containers: Loose[]) => `[${containers.map((item) => String(item.name)).join(" ")}]`;
  const is = (value: unknown): "True" | "False" => (value ? "True" : "False");
  const inits = (pod.spec.initContainers ?? []) as Loose[];
  const readiness =
    phase === "Succeeded"
      ? { reason: "PodCompleted" }
      : phase === "Failed"
        ? { reason: "PodFailed" }
        : moment.ready
          ? {}
          : {
              reason: "ContainersNotReady",
              message: `containers with unready status: ${names(pod.spec.containers)}`,
            };
  const uninitialised = {
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: ${names(inits)}`,
  };
  const initialised = !(moment.inInit && inits.length > 0);
  const list: Condition[] = [
    { type: "PodReadyToStartContainers", status: is(moment.name !== "creating") },
    { type: "Initialized", status: is(initialised), ...(initialised ? {} : uninitialised) },
    { type: "ContainersReady", status: is(moment.ready), ...readiness },
    { type: "Ready", status: is(moment.ready), ...readiness },
  ];
  if (moment.reason === "Evicted") {
    list.push({
      type: "DisruptionTarget",
      status: "True",
      reason: "TerminationByKubelet",
      message: moment.message ?? "",
    });
  }
  return list.map((item) => ({ ...item, lastProbeTime: null, observedGeneration: pod.metadata.generation }));
}

function initStatuses(pod: KubeObject, moment: Moment): Loose[] {
  const done: Moment = { name: "", state: "exited", exitCode: 0, reason: "Completed", ready: true };
  const waiting: Moment = { name: "", state: "waiting", reason: "PodInitializing", inInit: true };
  const current =
    moment.name === "initialising"
      ? ({ name: "", state: "running" } as Moment)
      : moment.inInit
        ? waiting
        : done;
  const of = (container: Loose): Moment =>
    container.restartPolicy === "Always" && moment.state === "running" ? moment : current;
  return (pod.spec.initContainers as Loose[]).flatMap((container) =>
    statusesOf(pod, [container], pod.status?.initContainerStatuses, of(container)),
  );
}

function statusesOf(
  pod: KubeObject,
  containers: Loose[],
  before: Loose[] | undefined,
  moment: Moment,
): Loose[] {
  return containers.map(({ name, image }) => {
    const old = before?.find((item) => item.name === name);
    const restartCount = moment.restarts ?? 0;
    const status: Loose = {
      name,
      image,
      imageID: "",
      ready: moment.ready ?? false,
      started: moment.state === "running",
      restartCount,
      lastState: old?.lastState ?? {},
      state: {},
    };
    if (moment.state !== "waiting") {
      status.imageID = `${String(image)}@sha256:${sha(String(image))}`;
      status.containerID = `containerd://${sha(`${pod.metadata.uid}${String(name)}${restartCount}`)}`;
    }
    const sameRun = old?.restartCount === restartCount;
    const startedAt = (sameRun && old.state?.running?.startedAt) || timestamp();
    const ended = {
      exitCode: moment.exitCode ?? 0,
      reason: moment.reason,
      ...(moment.terminationMessage ? { message: moment.terminationMessage } : {}),
      startedAt,
      finishedAt: timestamp(),
      containerID: status.containerID,
    };
    const exit = (sameRun && old.state?.terminated) || ended;
    stateOf(status, old, moment, { startedAt, exit, hasInits: pod.spec.initContainers?.length > 0 });
    return status;
  });
}

function stateOf(
  status: Loose,
  old: Loose,
  moment: Moment,
  run: { startedAt: string; exit: Loose; hasInits: boolean },
): void {
  switch (moment.state) {
    case "waiting": {
      const reason = moment.inInit && run.hasInits ? "PodInitializing" : moment.reason;
      status.state.waiting = { reason, ...(moment.message ? { message: moment.message } : {}) };
      break;
    }
    case "running":
      status.state.running = { startedAt: run.startedAt };
      if (old?.state?.running && old.restartCount < status.restartCount)
        status.lastState = { terminated: run.exit };
      break;
    case "exited":
      status.state.terminated = run.exit;
      break;
    case "back-off":
      status.state.waiting = { reason: "CrashLoopBackOff", message: moment.message };
      if (!old?.state?.waiting) status.lastState = { terminated: run.exit };
  }
}
