/** How a pod stands when it has behaved in a way for a while: the moments of its life, as a kubelet shows them. */
import type { KubeObject, Loose } from "../types.ts";
import type { Happening } from "./recorder.ts";
import type { Container } from "../containers/containers.ts";
import { parseDuration } from "./rules.ts";
import type { Behaviour, Config } from "./rules.ts";

/** One stretch of a pod's life. */
export interface Moment {
  /** Tells one moment from the next. */
  name: string;
  /** `exited` for good, or in `back-off` before the next try. */
  state: "waiting" | "running" | "exited" | "back-off";
  /** Init containers have not ended. */
  inInit?: boolean;
  ready?: boolean;
  restarts?: number;
  /** Of a waiting or ended container, or of a pod that failed. */
  reason?: string;
  message?: string;
  exitCode?: number;
  /** What an ended container left to be read. */
  terminationMessage?: string;
  events?: Happening[];
  /** Until something more happens by itself. */
  nextMs?: number;
}

const crashesAfterMs = 1_000;
const pullFailsForMs = 2_000;

export function momentOf(pod: KubeObject, behaviour: Behaviour, config: Config, elapsedMs: number): Moment {
  const started = pod.status?.phase === "Running";
  if (elapsedMs < config.podMs) {
    return {
      name: "creating",
      state: "waiting",
      reason: "ContainerCreating",
      inInit: true,
      nextMs: config.podMs - elapsedMs,
    };
  }
  const age = elapsedMs - config.podMs;
  switch (behaviour.name) {
    case "evicted": {
      const message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 96Mi. ";
      const events: Happening[] = [{ type: "Warning", reason: "Evicted", message }];
      return { name: "evicted", state: "exited", exitCode: 137, reason: "Evicted", message, events };
    }
    case "stuck-in-init":
      if (started || !pod.spec.initContainers?.length) break;
      return { name: "initialising", state: "waiting", reason: "PodInitializing", inInit: true };
    case "image-pull-back-off":
      if (started) break;
      return pullFails(pod.spec.containers[0], age);
    case "crash-loop":
      return crashes(pod, behaviour, age);
  }
  const readyAfter =
    { "never-ready": Infinity, slow: parseDuration(behaviour.argument) ?? 0 }[behaviour.name] ?? 0;
  if (pod.spec.restartPolicy !== "Always") return runsToCompletion(age, Math.max(readyAfter, config.jobMs));
  if (age >= readyAfter) return { name: "ready", state: "running", ready: true, events: startEvents(pod) };
  const unhealthy: Happening = {
    container: String(pod.spec.containers[0].name),
    type: "Warning",
    reason: "Unhealthy",
    message: "Readiness probe failed: HTTP probe failed with statuscode: 503",
  };
  return {
    name: "unready",
    state: "running",
    events: [...startEvents(pod), unhealthy],
    ...until(readyAfter - age),
  };
}

/** Between two looks at a program that runs. */
const lookMs = 50;

/** As `momentOf`, for a container with a program behind it; kubelets see its end a moment after its log has ended. */
export function momentOfProgram(
  pod: KubeObject,
  { exitCode, endedAt, message }: Container,
  lagMs: number,
): Moment {
  const isSeen = endedAt !== undefined && Date.now() >= endedAt + lagMs;
  if (exitCode === undefined || !isSeen)
    return { name: "running", state: "running", ready: true, events: startEvents(pod), nextMs: lookMs };
  const reason = exitCode === 0 ? "Completed" : "Error";
  return { name: "ended", state: "exited", exitCode, reason, terminationMessage: message };
}

const until = (milliseconds: number): { nextMs?: number } =>
  milliseconds === Infinity ? {} : { nextMs: milliseconds };

function runsToCompletion(age: number, lastsMs: number): Moment {
  if (age >= lastsMs) return { name: "completed", state: "exited", exitCode: 0, reason: "Completed" };
  return {
    name: "running",
    state: "running",
    ready: true,
    ...until(lastsMs - age),
  };
}

/** Tries to pull the image, again and again. */
function pullFails({ name, image }: Loose, age: number): Moment {
  const container = String(name);
  const quoted = JSON.stringify(image);
  const { tries, sinceMs, nextMs } = retries(age);
  const cause = `failed to pull and unpack image ${quoted}: failed to resolve reference ${quoted}: ${String(image)}: not found`;
  const warn = (reason: string, message: string): Happening => ({
    container,
    type: "Warning",
    reason,
    message,
  });
  if (sinceMs < pullFailsForMs) {
    const events: Happening[] = [
      { container, type: "Normal", reason: "Pulling", message: `Pulling image ${quoted}` },
      warn("Failed", `Failed to pull image ${quoted}: ${cause}`),
      warn("Failed", "Error: ErrImagePull"),
    ];
    return {
      name: `pull-${tries}`,
      state: "waiting",
      reason: "ErrImagePull",
      message: cause,
      nextMs: pullFailsForMs - sinceMs,
      events,
    };
  }
  return {
    name: `pull-back-off-${tries}`,
    state: "waiting",
    reason: "ImagePullBackOff",
    message: `Back-off pulling image ${quoted}: ErrImagePull: ${cause}`,
    nextMs,
    events: [
      { container, type: "Normal", reason: "BackOff", message: `Back-off pulling image ${quoted}` },
      warn("Failed", "Error: ImagePullBackOff"),
    ],
  };
}

/** Runs for a second at a time; the argument is the exit code. */
function crashes(pod: KubeObject, behaviour: Behaviour, age: number): Moment {
  const exitCode = /^\d+$/.test(behaviour.argument) ? Number(behaviour.argument) : 1;
  const reason = exitCode === 137 ? "OOMKilled" : "Error";
  if (age < crashesAfterMs) {
    return { name: "crashing", state: "running", events: startEvents(pod), nextMs: crashesAfterMs - age };
  }
  if (pod.spec.restartPolicy === "Never") return { name: "crashed", state: "exited", exitCode, reason };
  const { tries, sinceMs, nextMs } = retries(age - crashesAfterMs);
  const crash = { restarts: tries + 1, exitCode, reason };
  if (sinceMs < crashesAfterMs) {
    return {
      ...crash,
      name: `crashing-${tries}`,
      state: "running",
      events: startEvents(pod),
      nextMs: crashesAfterMs - sinceMs,
    };
  }
  const container = String(pod.spec.containers[0].name);
  const { name, namespace, uid } = pod.metadata;
  const where = `${name}_${namespace ?? ""}(${uid})`;
  return {
    ...crash,
    name: `crash-back-off-${tries}`,
    state: "back-off",
    nextMs,
    message: `back-off ${Math.round((nextMs + sinceMs) / 1000)}s restarting failed container=${container} pod=${where}`,
    events: [
      {
        container,
        type: "Warning",
        reason: "BackOff",
        message: `Back-off restarting failed container ${container} in pod ${where}`,
      },
    ],
  };
}

/** The tries of a kubelet that waits 10 s, 20 s, 40 s … and at most 5 minutes between them. */
function retries(age: number): { tries: number; sinceMs: number; nextMs: number } {
  let [pause, left, tries] = [10_000, age, 0];
  while (left >= pause) {
    left -= pause;
    pause = Math.min(2 * pause, 300_000);
    tries += 1;
  }
  return { tries, sinceMs: left, nextMs: pause - left };
}

function startEvents(pod: KubeObject): Happening[] {
  return (pod.spec.containers as Loose[]).flatMap(({ name, image, imagePullPolicy }) => {
    const happened = (reason: string, message: string): Happening => ({
      container: String(name),
      type: "Normal",
      reason,
      message,
    });
    const quoted = JSON.stringify(image);
    const pulled =
      imagePullPolicy === "Always"
        ? [
            happened("Pulling", `Pulling image ${quoted}`),
            happened(
              "Pulled",
              `Successfully pulled image ${quoted} in 1ms (1ms including waiting). Image size: 1048576 bytes.`,
            ),
          ]
        : [happened("Pulled", `Container image ${quoted} already present on machine`)];
    return [...pulled, happened("Created", "Container created"), happened("Started", "Container started")];
  });
}
