/** How helm is started: shared by the files of its subcommands, which only build arguments. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { TransientError } from "../../errors.ts";
import { pickEnvironment, type Environment } from "../process/environment.ts";
import { runProgram, type ProgramResult } from "../process/run-program.ts";

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
  /** Marks the process, so that the next builder finds it should this one be killed. */
  release?: string;
  /** Rendering needs no cluster, and is given no way to one. */
  offline?: boolean;
  maxStdoutBytes?: number;
  signal?: AbortSignal | undefined;
}

/** The variable that marks every helm process with the release it works on. */
export const releaseMarker = "POWO_BUILDER_RELEASE";

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
export function helmEnvironment(options: HelmOptions, call: Pick<HelmCall, "release" | "offline">) {
  const folder = (name: string) => path.join(options.workDir, "helm", name);
  return {
    HOME: folder("home"),
    ...pickEnvironment(
      options.env,
      call.offline === true ? registryAccess : [...clusterAccess, ...registryAccess],
    ),
    HELM_CACHE_HOME: folder("cache"),
    HELM_CONFIG_HOME: folder("config"),
    HELM_DATA_HOME: folder("data"),
    KUBECACHEDIR: folder("kube"),
    ...(call.offline !== true && options.kubeconfig !== undefined && { KUBECONFIG: options.kubeconfig }),
    ...(call.release !== undefined && { [releaseMarker]: call.release }),
  };
}

/**
 * Runs helm to its end, whatever its exit code. Throws TransientError when it was killed or hung, ConfigError when
 * there is no such program, the signal's reason when it was aborted.
 */
export async function runHelm(options: HelmOptions, call: HelmCall): Promise<ProgramResult> {
  await mkdir(path.join(options.workDir, "helm"), { recursive: true });
  const result = await runProgram({
    file: options.bin,
    args: call.args,
    env: helmEnvironment(options, call),
    cwd: options.workDir,
    signal: call.signal,
    timeoutMs: call.timeoutMs,
    maxStdoutBytes: call.maxStdoutBytes,
    setting: "HELM_BIN",
  });
  if (result.timedOut) {
    throw new TransientError(
      "helm",
      `helm ${call.args[0] ?? ""} did not end within its time and was stopped`,
    );
  }
  if (result.killedBy !== undefined && !result.tooMuchOutput) {
    throw new TransientError("helm", `helm ${call.args[0] ?? ""} was killed (${result.killedBy})`, {
      details: result.stderrLines,
    });
  }
  return result;
}

/** A duration as helm reads it; never zero, which would mean at once. */
export function helmDuration(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))}s`;
}

/** The values files as arguments. Helm splits them at commas, as CSV, so a path that holds one is quoted. */
export function valuesArguments(files: readonly string[]): string[] {
  return files.flatMap((file) => [
    "--values",
    /[",\n]/.test(file) ? `"${file.replaceAll('"', '""')}"` : file,
  ]);
}
