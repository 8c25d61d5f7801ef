/** kubectl, Helm and client-node for one cluster, and waiting for what takes a moment. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  BatchV1Api,
  CoordinationV1Api,
} from "@kubernetes/client-node";
import { execa } from "execa";
import { requireBinaries } from "../tools/binaries.ts";

export interface Clients {
  config: KubeConfig;
  core: CoreV1Api;
  batch: BatchV1Api;
  leases: CoordinationV1Api;
  objects: KubernetesObjectApi;
  /** What kubectl prints; `input` goes to its standard input. Fails as kubectl fails. */
  kubectl(args: string[], input?: string): Promise<string>;
  /** What kubectl says when it fails; fails when it doesn't. */
  kubectlError(args: string[], input?: string): Promise<string>;
  helm(args: string[]): Promise<string>;
  /** A running Helm that a test may kill; never fails. */
  helmProcess(args: string[]): PromiseLike<unknown> & { kill(signal: NodeJS.Signals): boolean };
  /** Applies an object given as JSON. */
  apply(object: object): Promise<void>;
  /** The parsed answer of a request to a path of the API. */
  raw(path: string): Promise<Json>;
  /** What `attempt` returns once it no longer throws. */
  eventually<T>(attempt: () => T | Promise<T>, timeoutMs?: number): Promise<T>;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked into, not trusted
export type Json = any;

export async function createClients(kubeconfig: string): Promise<Clients> {
  const tools = await requireBinaries();
  const home = await mkdtemp(path.join(tmpdir(), "kubernetes-api-"));
  const env = {
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    KUBECACHEDIR: path.join(home, "kube"),
  };
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const kubectl = async (args: string[], input = ""): Promise<string> =>
    (await execa(tools.kubectl, args, { env, input })).stdout;
  return {
    config,
    core: config.makeApiClient(CoreV1Api),
    batch: config.makeApiClient(BatchV1Api),
    leases: config.makeApiClient(CoordinationV1Api),
    objects: KubernetesObjectApi.makeApiClient(config),
    kubectl,
    async kubectlError(args, input = "") {
      const { failed, stderr, stdout } = await execa(tools.kubectl, args, { env, input, reject: false });
      if (!failed) throw new Error(`kubectl ${args.join(" ")} did not fail: ${stdout}`);
      return stderr;
    },
    helmProcess: (args) => execa(tools.helm, args, { env, reject: false }),
    helm: async (args) => (await execa(tools.helm, args, { env })).stdout,
    async apply(object) {
      await kubectl(["apply", "-f", "-"], JSON.stringify(object));
    },
    raw: async (at) => JSON.parse(await kubectl(["get", "--raw", at])),
    eventually,
  };
}

async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> {
  for (const deadline = Date.now() + timeoutMs; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
