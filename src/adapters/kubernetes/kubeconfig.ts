/** Where the cluster is, who we are, which namespace is ours. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { KubeConfig, loadYaml, makeAbsolutePath } from "@kubernetes/client-node";
import { fileTrouble } from "../../domain/words.ts";
import { ConfigError, messageOf } from "../../errors.ts";

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

const kubeconfigError = (what: string): ConfigError => new ConfigError([{ where: "KUBECONFIG", what }]);

/**
 * Loads one kubeconfig or several (as in KUBECONFIG); without any the pod's service account, then the user's default.
 * Throws ConfigError when none of them can be read or leads to a server.
 */
export function loadKubeConfig(configured: string | undefined): { kubeConfig: KubeConfig; server: string } {
  const files = (configured ?? "").split(path.delimiter).filter((file) => file !== "");
  const ofUser = path.join(homedir(), ".kube", "config");
  const isPod = Boolean(process.env.KUBERNETES_SERVICE_HOST) && readAccount("token") !== undefined;
  if (files.length === 0 && !isPod) {
    if (!existsSync(ofUser))
      throw kubeconfigError("is unset, and this is not a pod with a service account; name a kubeconfig file");
    files.push(ofUser);
  }
  const kubeConfig = loadFiles(files);
  if (files.length === 0) kubeConfig.loadFromCluster();
  // client-node refuses plain HTTP without this; there is no certificate to verify then.
  for (const cluster of kubeConfig.clusters)
    if (cluster.server.startsWith("http:")) Object.assign(cluster, { skipTLSVerify: true });
  const server = kubeConfig.getCurrentCluster()?.server ?? "";
  if (URL.canParse(server)) return { kubeConfig, server };
  throw kubeconfigError(
    "names no cluster with a server in its current context; see what it holds: kubectl config view",
  );
}

function loadFiles(files: readonly string[]): KubeConfig {
  try {
    const [kubeConfig = new KubeConfig(), ...others] = files.map(loadFile);
    for (const other of others) kubeConfig.mergeConfig(other, true);
    return kubeConfig;
  } catch (error) {
    // Only the first line: a YAML error goes on with an excerpt, credentials included.
    const why =
      error instanceof Error && "code" in error
        ? fileTrouble(error)
        : `is not a kubeconfig (${messageOf(error).split("\n", 1).join("")})`;
    throw kubeconfigError(`${why}; correct the path or the file`);
  }
}

interface WithTokenFiles {
  users?: { name?: string; user?: { tokenFile?: string } | null }[] | null;
}

function loadFile(file: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(file);
  // client-node ignores a user's `tokenFile`; its authenticator for the pod's token reads any file again every minute.
  for (const { name = "", user } of loadYaml<WithTokenFiles>(readFileSync(file, "utf8")).users ?? []) {
    if (user?.tokenFile === undefined) continue;
    const tokenFile = makeAbsolutePath(path.dirname(file), user.tokenFile);
    const authProvider = { name: "tokenFile", config: { tokenFile } };
    Object.assign(kubeConfig.getUser(name) ?? {}, { token: undefined, authProvider });
  }
  return kubeConfig;
}

/** The builder's own namespace: the configured one, the pod's, or the context's. */
export function findNamespace(kubeConfig: KubeConfig, configured: string | undefined): string {
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace;
  const candidates = [configured, readAccount("namespace"), context];
  return candidates.find((namespace) => namespace !== undefined && namespace !== "") ?? "default";
}

/** A file of the pod's service account; undefined outside a pod. */
function readAccount(name: string): string | undefined {
  try {
    return readFileSync(path.join(serviceAccount, name), "utf8").trim();
  } catch {
    return undefined;
  }
}
