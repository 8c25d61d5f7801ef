/** The connection to the cluster: where it is, who we are, which namespace is ours. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { fileTrouble } from "../../domain/words.ts";
import { ConfigError, messageOf } from "../../errors.ts";
import { createApi, type Api } from "./api.ts";
import { createTransport } from "./transport.ts";

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface ConnectOptions {
  /** Path of a kubeconfig, or several as in KUBECONFIG; without it the pod's service account, then the default. */
  kubeconfig?: string | undefined;
  /** The builder's own namespace (BUILDER_NAMESPACE); else the pod's, or the context's. */
  namespace?: string | undefined;
  /** The longest that one call may take. */
  timeoutMs?: number | undefined;
}

export interface KubernetesConnection {
  api: Api;
  /** The builder's own namespace. */
  namespace: string;
  /** URL of the API server, without credentials. */
  server: string;
  /** Closes idle connections; the process ends without it, too. */
  close(): void;
}

/** Reads the configuration; asks nothing yet. Throws ConfigError when there is none that can be read. */
export function connect(options: ConnectOptions = {}): KubernetesConnection {
  const kubeConfig = load(options.kubeconfig);
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster || !URL.canParse(cluster.server))
    throw kubeconfigError(
      "names no cluster with a server in its current context; see what it holds: kubectl config view",
    );
  const transport = createTransport(kubeConfig, options.timeoutMs ?? 30_000);
  return {
    api: createApi(transport),
    namespace: findNamespace(kubeConfig, options.namespace),
    server: new URL(cluster.server).origin,
    close: () => transport.close(),
  };
}

/** The context that client-node makes up (of localhost:8080) where it has found nothing. */
const nothingConfigured = "loaded-context";

const kubeconfigError = (what: string): ConfigError => new ConfigError([{ where: "KUBECONFIG", what }]);

function load(files: string | undefined): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    const [first, ...others] = (files ?? "").split(path.delimiter).filter((file) => file !== "");
    if (first !== undefined) {
      kubeConfig.loadFromFile(first);
      for (const file of others) {
        const further = new KubeConfig();
        further.loadFromFile(file);
        kubeConfig.mergeConfig(further, true);
      }
    } else if ((process.env.KUBERNETES_SERVICE_HOST ?? "") !== "" && read("token") !== undefined)
      kubeConfig.loadFromCluster();
    else kubeConfig.loadFromDefault();
  } catch (error) {
    // Only the first line: a YAML error goes on with an excerpt, credentials included.
    const why =
      error instanceof Error && "code" in error
        ? fileTrouble(error)
        : `is no kubeconfig (${messageOf(error).split("\n", 1).join("")})`;
    throw kubeconfigError(`${why}; correct the path or the file`);
  }
  if (kubeConfig.getCurrentContext() === nothingConfigured)
    throw kubeconfigError("is not set, and this is no pod with a service account; name a kubeconfig file");
  // client-node refuses plain HTTP without this; there is no certificate to verify then.
  for (const cluster of kubeConfig.clusters)
    if (cluster.server.startsWith("http:")) Object.assign(cluster, { skipTLSVerify: true });
  return kubeConfig;
}

function findNamespace(kubeConfig: KubeConfig, configured: string | undefined): string {
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace;
  const candidates = [configured, read("namespace"), context];
  return candidates.find((namespace) => namespace !== undefined && namespace !== "") ?? "default";
}

/** A file of the pod's service account; undefined outside a pod. */
function read(name: string): string | undefined {
  try {
    return readFileSync(path.join(serviceAccount, name), "utf8").trim();
  } catch {
    return undefined;
  }
}
