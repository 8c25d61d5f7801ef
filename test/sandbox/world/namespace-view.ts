/** What a world must know of its cluster, emulated or real: which releases live, and what is ready in them. */
import type { SandboxCluster } from "../kubernetes/index.ts";

interface Labelled {
  metadata?: { name?: string; labels?: Record<string, string>; deletionTimestamp?: unknown };
}
interface ServiceLike extends Labelled {
  spec?: { selector?: Record<string, string> };
  status?: { loadBalancer?: { ingress?: { ip?: string }[] } };
}
interface PodLike extends Labelled {
  status?: { conditions?: { type: string; status: string }[] };
}

/** One namespace as it is now. */
export interface NamespaceView {
  uid: string;
  services: ServiceLike[];
  pods: PodLike[];
  deployments: number;
}

export interface NamespaceViews {
  /** Undefined where there is no such namespace. */
  read: (namespace: string) => Promise<NamespaceView | undefined>;
  /** The names of all namespaces. */
  names: () => Promise<string[]>;
}

/** Reads the emulator's store: exact at every moment, and without a request. */
export function viewsOfEmulator({ store }: SandboxCluster): NamespaceViews {
  return {
    async read(namespace) {
      const found = store.get("Namespace", undefined, namespace);
      if (!found) return undefined;
      const { uid } = found.metadata;
      const services = store.list("Service", namespace);
      const pods = store.list("Pod", namespace);
      return { uid, services, pods, deployments: store.list("Deployment", namespace).length };
    },
    names: async () => store.list("Namespace").map(({ metadata }) => metadata.name),
  };
}

/** How old a reading of a real cluster may be. */
const freshMs = 100;

/**
 * Reads a real API server, a little behind. While it is away the last reading stands: pods and what runs in
 * them don't go with the control plane.
 */
export async function viewsOfCluster(kubeconfig: string): Promise<NamespaceViews> {
  // Hundreds of files, which an emulated world never needs.
  const { AppsV1Api, CoreV1Api, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const apps = config.makeApiClient(AppsV1Api);

  async function readNow(name: string): Promise<NamespaceView | undefined> {
    const found = await core.readNamespace({ name }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    const uid = found?.metadata?.uid;
    if (uid === undefined) return undefined;
    const [services, pods, deployments] = await Promise.all([
      core.listNamespacedService({ namespace: name }),
      core.listNamespacedPod({ namespace: name }),
      apps.listNamespacedDeployment({ namespace: name }),
    ]);
    return { uid, services: services.items, pods: pods.items, deployments: deployments.items.length };
  }
  const read = remembering(readNow);
  const names = remembering(async () => {
    const { items } = await core.listNamespace();
    return items.map(({ metadata }) => metadata?.name ?? "");
  });
  return { read, names: () => names("") };
}

/** Asks again when the last answer is too old; one request at a time for each key. */
function remembering<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, { at: number; answer: Promise<T>; last?: T }>();
  return (key) => {
    const before = known.get(key);
    if (before && performance.now() - before.at < freshMs) return before.answer;
    const entry: { at: number; answer: Promise<T>; last?: T } = {
      at: Infinity,
      answer: ask(key).then(
        (value) => {
          entry.at = performance.now();
          return (entry.last = value);
        },
        (error: unknown) => {
          entry.at = performance.now();
          if (before?.last === undefined) throw error;
          return (entry.last = before.last);
        },
      ),
    };
    known.set(key, entry);
    return entry.answer;
  };
}

const isNotFound = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === 404;

/** Whether a service has a ready pod behind it. */
export function isServiceReady({ services, pods }: NamespaceView, name: string): boolean {
  const selector = services.find(({ metadata }) => metadata?.name === name)?.spec?.selector;
  if (!selector) return false;
  return pods.some(
    ({ metadata, status }) =>
      metadata?.deletionTimestamp === undefined &&
      Object.entries(selector).every(([key, value]) => metadata?.labels?.[key] === value) &&
      status?.conditions?.some(({ type, status: now }) => type === "Ready" && now === "True"),
  );
}

/** The load balancer addresses of a namespace, by service. */
export function addressesOf({ services }: NamespaceView): Map<string, string> {
  return new Map(
    services.flatMap(({ metadata, status }): [string, string][] => {
      const ip = status?.loadBalancer?.ingress?.[0]?.ip;
      return ip === undefined ? [] : [[metadata?.name ?? "", ip]];
    }),
  );
}
