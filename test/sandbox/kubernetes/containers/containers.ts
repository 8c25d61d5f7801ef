/**
 * Containers with a program behind them: a child process with the arguments, environment and files that the pod asks
 * for. All others are simulated. One container a pod, which is not started again in it (restartPolicy Never).
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Store } from "../store.ts";
import type { KubeObject, Loose } from "../types.ts";
import { ContainerLog } from "./container-log.ts";
import { environmentOf, mountVolumes, pathsBelow, terminationLogOf } from "./mounts.ts";

/** What is in an image. */
export interface Image {
  /** In place of its entry point; the container's arguments follow. */
  command: readonly string[];
  /** What this machine has in place of a node's network and programs; wins over what the pod says. */
  env: Readonly<Record<string, string>>;
  /** Variables that tell the program where a file is, and where it looks without them. */
  paths: Readonly<Record<string, string>>;
}

export interface Container {
  namespace: string;
  pod: string;
  args: string[];
  log: ContainerLog;
  /** The exit code, and 128 more than the number of the signal that ended it. */
  exitCode: number | undefined;
  /** When it was, in milliseconds since the epoch. */
  endedAt: number | undefined;
  exit: Promise<number>;
  /** What it left at its end, cut as a kubelet cuts it. */
  message: string;
  /** SIGKILL ends all its processes, as the kernel ends those of a container. */
  kill: (signal: NodeJS.Signals) => void;
}

const maxMessage = { bytes: 4_096, bytesOfLog: 2_048, linesOfLog: 80 };

export class Containers {
  /** By the name that pods ask for. */
  readonly images = new Map<string, Image>();
  /** All that were ever started, the oldest first. */
  readonly all: Container[] = [];
  /** How long after its end a container is seen to have ended: real kubelets look every second. */
  lagMs = 200;
  readonly #byPod = new Map<string, Container>();
  readonly #dir: string;
  readonly #store: Store;

  constructor(dir: string, store: Store) {
    this.#dir = dir;
    this.#store = store;
  }

  of(pod: KubeObject): Container | undefined {
    return this.#byPod.get(pod.metadata.uid);
  }

  /** The container of a pod, started unless it was; undefined where it is a simulated one. */
  ensure(pod: KubeObject): Container | undefined {
    const image = this.images.get(pod.spec.containers[0].image);
    if (!image) return undefined;
    const container = this.of(pod) ?? this.#start(pod, image);
    this.#byPod.set(pod.metadata.uid, container);
    return container;
  }

  async stop(): Promise<void> {
    for (const container of this.all) container.kill("SIGKILL");
    await Promise.all(this.all.map(({ exit }) => exit));
  }

  #start(pod: KubeObject, { command, env, paths }: Image): Container {
    const root = path.join(this.#dir, "containers", pod.metadata.uid);
    mountVolumes(this.#store, pod, root);
    const [spec] = pod.spec.containers as Loose[];
    const args = (spec.args ?? []) as string[];
    const environment = { ...pathsBelow(root, paths), ...environmentOf(this.#store, pod, root), ...env };
    const [file = "", ...rest] = [...command, ...args];
    const { namespace = "", name } = pod.metadata;
    const container = run(file, rest, { cwd: root, env: environment }, (ended) =>
      messageOf(spec, root, ended),
    );
    const complete = Object.assign(container, { namespace, pod: name, args });
    this.all.push(complete);
    return complete;
  }
}

type Running = Omit<Container, "namespace" | "pod" | "args">;

function run(
  file: string,
  args: string[],
  options: { cwd: string; env: Record<string, string> },
  message: (ended: Running) => string,
): Running {
  // A group of its own: what it starts ends with it.
  const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const log = new ContainerLog();
  log.read(child.stdout);
  log.read(child.stderr);
  const killAll = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // None is left.
    }
  };
  child.on("exit", killAll);
  const running: Running = {
    log,
    exitCode: undefined,
    endedAt: undefined,
    message: "",
    exit: new Promise((resolve) => {
      const end = (code: number) => {
        if (running.exitCode !== undefined) return;
        Object.assign(running, { exitCode: code, endedAt: Date.now() });
        running.message = message(running);
        resolve(code);
      };
      child.on("error", () => end(128));
      child.on("close", (code, signal) => end(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
    }),
    kill: (signal) => (signal === "SIGKILL" ? killAll() : void child.kill(signal)),
  };
  return running;
}

/** The termination message; where there is none, and the container asks for it, the end of the log of a failure. */
function messageOf(spec: Loose, root: string, { log, exitCode }: Running): string {
  const written = readFileSync(root + terminationLogOf(spec))
    .subarray(0, maxMessage.bytes)
    .toString();
  if (written !== "" || exitCode === 0 || spec.terminationMessagePolicy !== "FallbackToLogsOnError")
    return written;
  const last = log.lines.slice(-maxMessage.linesOfLog).map(({ text }) => `${text}\n`);
  return Buffer.from(last.join("")).subarray(-maxMessage.bytesOfLog).toString();
}
