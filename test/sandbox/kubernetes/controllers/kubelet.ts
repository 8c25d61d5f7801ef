/** Plays the kubelets of the nodes: pods start, behave as the rules say, and stop. */
import { deleteObject } from "../deletion.ts";
import { ApiError } from "../errors.ts";
import { requireType } from "../resources.ts";
import type { KubeObject, Loose } from "../types.ts";
import { isTerminating } from "./loop.ts";
import type { Controller, World } from "./loop.ts";
import { isDown } from "./nodes.ts";
import { podStatusAt } from "./pod-status.ts";
import { record } from "./recorder.ts";
import { missingReference } from "./references.ts";
import { behaviourOf } from "./rules.ts";
import { momentOf, momentOfProgram } from "./timeline.ts";
import type { Moment } from "./timeline.ts";

/** What is remembered of a pod between two looks at it. */
interface Life {
  behaviour: string;
  /** When it began to behave so. */
  since: number;
  /** Restarts before that. */
  restarts: number;
  /** The last moment whose events were written. */
  moment: string;
  ip: string;
  stopping: number | undefined;
}

export function createKubelet(): Controller {
  const lives = new Map<string, Life>();
  let nextAddress = 2;
  const lifeOf = (world: World, pod: KubeObject): Life => {
    const known = lives.get(pod.metadata.uid);
    if (known) return known;
    const ip = `10.200.${Math.floor(nextAddress / 254)}.${(nextAddress++ % 254) + 1}`;
    const behaviour = JSON.stringify(behaviourOf(world.rules(), pod));
    const life: Life = { behaviour, since: Date.now(), restarts: 0, moment: "", ip, stopping: undefined };
    lives.set(pod.metadata.uid, life);
    return life;
  };
  return {
    kind: "Pod",
    concerns: (changed, store) =>
      changed.kind === "Node"
        ? store.list("Pod").filter((pod) => pod.spec.nodeName === changed.metadata.name)
        : [],
    reconcile(world, pod) {
      if (!pod.spec.nodeName || isDown(world.store.get("Node", undefined, String(pod.spec.nodeName))))
        return undefined;
      const life = lifeOf(world, pod);
      if (isTerminating(pod)) return stop(world, pod, life);
      if (["Succeeded", "Failed"].includes(String(pod.status?.phase))) return undefined;
      return progress(world, pod, life);
    },
    gone(world, pod) {
      world.containers.of(pod)?.kill("SIGKILL");
      lives.delete(pod.metadata.uid);
    },
  };
}

/** Moves a pod to the moment that its behaviour asks for by now. */
function progress(world: World, pod: KubeObject, life: Life): number | undefined {
  const config = world.rules();
  const behaviour = behaviourOf(config, pod);
  if (JSON.stringify(behaviour) !== life.behaviour) {
    life.behaviour = JSON.stringify(behaviour);
    life.restarts = restartsSoFar(pod);
    // What runs need not be created again.
    life.since = Date.now() - (pod.status.phase === "Running" ? config.podMs : 0);
  }
  let moment: Moment = momentOf(pod, behaviour, config, Date.now() - life.since);
  if (pod.status.phase !== "Running" && moment.name !== "creating") {
    const missing = missingReference(world.store, pod);
    if (missing) {
      moment = { ...missing, nextMs: 200 };
      life.since = Date.now() - config.podMs;
    }
  }
  const program = moment.state === "waiting" ? undefined : world.containers.ensure(pod);
  if (program) moment = momentOfProgram(pod, program, world.containers.lagMs);
  moment = { ...moment, restarts: (moment.restarts ?? 0) + life.restarts };
  const hostIP = String(
    world.store.get("Node", undefined, String(pod.spec.nodeName))?.status.addresses[0].address ??
      "10.128.0.2",
  );
  world.registry.edit("Pod", pod, (draft) => {
    draft.status = { ...podStatusAt(pod, moment), hostIP, hostIPs: [{ ip: hostIP }] };
    if (moment.name !== "creating")
      Object.assign(draft.status, { podIP: life.ip, podIPs: [{ ip: life.ip }] });
  });
  if (life.moment !== moment.name) {
    life.moment = moment.name;
    for (const event of moment.events ?? []) record(world, "kubelet", pod, event);
  }
  return moment.nextMs;
}

/** Restarts until now, and the one that ends a crash. */
function restartsSoFar(pod: KubeObject): number {
  const first = pod.status?.containerStatuses?.[0];
  if (!first) return 0;
  const crashed = !first.state?.running && first.lastState?.terminated;
  return Number(first.restartCount) + (crashed ? 1 : 0);
}

function endContainers(world: World, pod: KubeObject, killed: boolean): KubeObject | undefined {
  const program = world.containers.of(pod);
  const exitCode = program?.exitCode ?? (killed ? 137 : 0);
  const exit = { exitCode, reason: exitCode === 0 ? "Completed" : "Error" };
  if (program?.message) Object.assign(exit, { terminationMessage: program.message });
  const restarts = Number(pod.status.containerStatuses[0].restartCount);
  return world.registry.edit("Pod", pod, (draft) => {
    draft.status = podStatusAt(pod, { name: "stopped", state: "exited", restarts, ...exit });
  });
}

function askToEnd(world: World, pod: KubeObject): void {
  world.containers.of(pod)?.kill("SIGTERM");
  for (const status of (pod.status?.containerStatuses ?? []) as Loose[]) {
    const container = String(status.name);
    const message = `Stopping container ${container}`;
    if (status.state?.running)
      record(world, "kubelet", pod, { container, type: "Normal", reason: "Killing", message });
  }
}

const stopLookMs = 20;

/** Ends the containers of a deleted pod, then lets it go. */
function stop(world: World, pod: KubeObject, life: Life): number | undefined {
  const config = world.rules();
  const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  if (life.stopping === undefined) {
    life.stopping = Date.now();
    askToEnd(world, pod);
  }
  const stubborn = behaviourOf(config, pod).name === "ignores-sigterm";
  const left = (stubborn ? graceMs : Math.min(graceMs, config.stopMs)) - (Date.now() - life.stopping);
  const program = world.containers.of(pod);
  if (program && program.exitCode === undefined) {
    // What does not end by itself is ended when its time is over.
    if (Date.now() > life.stopping + graceMs) program.kill("SIGKILL");
    return stopLookMs;
  }
  if (left > 0) return left;
  const current = pod.status?.phase === "Running" ? endContainers(world, pod, stubborn) : pod;
  if (!current || (pod.metadata.deletionGracePeriodSeconds === 0 && pod.metadata.finalizers?.length))
    return undefined;
  try {
    deleteObject(world.registry, requireType("Pod"), pod.metadata.namespace, pod.metadata.name, {
      gracePeriodSeconds: 0,
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  return undefined;
}
