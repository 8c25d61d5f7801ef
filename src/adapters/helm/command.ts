/** How helm is started. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { TransientError } from "../../errors.ts";
import {
  onThisMachine,
  pickEnvironment,
  runProgram,
  type Environment,
  type ProgramResult,
} from "../process/run-program.ts";

export interface HelmOptions {
  /** HELM_BIN: a path, or a name that PATH finds. */
  bin: string;
  /** Folder of this builder for helm's caches; made when it is missing. */
  workDir: string;
  /** The builder's own environment: the little that helm needs is picked from it. */
  env: Environment;
  /** KUBECONFIG; in-cluster service account when unset. */
  kubeconfig?: string | undefined;
}

export interface HelmCall {
  args: readonly string[];
  timeoutMs: number;
  /** Rendering needs no cluster, and is given no way to one. */
  offline?: boolean;
  maxStdoutBytes?: number;
  signal?: AbortSignal | undefined;
}

/** Logins of private OCI registries. */
const registryAccess = ["HELM_REGISTRY_CONFIG", "DOCKER_CONFIG"];
const clusterAccess = [
  "HOME",
  "KUBERNETES_SERVICE_HOST",
  "KUBERNETES_SERVICE_PORT",
  // Credential plugins that a kubeconfig may name (gke-gcloud-auth-plugin).
  "CLOUDSDK_CONFIG",
  "GOOGLE_APPLICATION_CREDENTIALS",
];

/** The whole environment of a helm process; its caches stay in the work folder. */
function helmEnvironment({ workDir, env, kubeconfig }: HelmOptions, offline: boolean) {
  const folder = (name: string) => path.join(workDir, "helm", name);
  return {
    HOME: folder("home"),
    ...pickEnvironment(env, offline ? registryAccess : [...clusterAccess, ...registryAccess]),
    HELM_CACHE_HOME: folder("cache"),
    HELM_CONFIG_HOME: folder("config"),
    HELM_DATA_HOME: folder("data"),
    KUBECACHEDIR: folder("kube"),
    ...(!offline && kubeconfig !== undefined && { KUBECONFIG: kubeconfig }),
  };
}

/**
 * Runs helm to its end, whatever its exit code. Throws TransientError when it was killed or hung, ConfigError when
 * there is no such program, the signal's reason when it was aborted.
 */
export async function runHelm(options: HelmOptions, call: HelmCall): Promise<ProgramResult> {
  await onThisMachine(() => mkdir(path.join(options.workDir, "helm"), { recursive: true }));
  const { args, timeoutMs, offline = false, maxStdoutBytes, signal } = call;
  const result = await runProgram({
    file: options.bin,
    args,
    env: helmEnvironment(options, offline),
    cwd: options.workDir,
    signal,
    timeoutMs,
    maxStdoutBytes,
    setting: "HELM_BIN",
  });
  const verb = args[0] ?? "";
  if (result.timedOut)
    throw new TransientError("helm", `helm ${verb} did not end within its time and was stopped`);
  if (result.killedBy === undefined || result.tooMuchOutput) return result;
  const details = result.stderrLines;
  throw new TransientError("helm", `helm ${verb} was killed (${result.killedBy})`, { details });
}
