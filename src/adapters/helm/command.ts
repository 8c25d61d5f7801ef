import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Environment } from "../../config/settings.ts";
import { TransientError } from "../../errors.ts";
import type { Redactor } from "../../redaction.ts";
import { pickEnvironment, runProgram, type ProgramCall } from "../process/run-program.ts";

export interface HelmOptions {
  /** HELM_BIN: a path, or a name that PATH finds. */
  bin: string;
  /** Folder of this builder for helm's caches; made when it is missing. */
  workDir: string;
  /** The builder's own environment: the little that helm needs is picked from it. */
  env: Environment;
  /** KUBECONFIG; in-cluster service account when unset. */
  kubeconfig?: string | undefined;
  /** Keeps secrets out of what programs say, and learns those that are read for them. */
  redactor?: Redactor | undefined;
}

/** `offline`: rendering needs no cluster, and is given no way to one. */
type HelmCall = Pick<ProgramCall, "args" | "timeoutMs" | "maxStdoutBytes" | "signal"> & { offline?: boolean };

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
export async function runHelm(options: HelmOptions, { offline = false, ...call }: HelmCall) {
  const { bin: file, workDir: cwd } = options;
  await mkdir(path.join(cwd, "helm"), { recursive: true });
  const env = helmEnvironment(options, offline);
  const { redact } = options.redactor ?? {};
  const result = await runProgram({ ...call, file, env, cwd, redact, setting: "HELM_BIN" });
  const { timedOut, killedBy, tooMuchOutput, stderrLines: details } = result;
  const verb = call.args[0] ?? "";
  if (timedOut) throw new TransientError("helm", `helm ${verb} timed out and was stopped`);
  if (killedBy === undefined || tooMuchOutput) return result;
  throw new TransientError("helm", `helm ${verb} was killed (${killedBy})`, { details });
}
