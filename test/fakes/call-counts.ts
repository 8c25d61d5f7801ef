/** Counts what a builder asks of the Kubernetes API and the harvester, call by call, in the real adapters' requests. */
import {
  createConfiguration,
  ResponseContext,
  SelfDecodingBody,
  ServerConfiguration,
  wrapHttpLibrary,
} from "@kubernetes/client-node";
import { createCluster } from "../../src/adapters/kubernetes/cluster.ts";
import { createAnnouncer } from "../../src/adapters/kubernetes/events.ts";
import { createLeaseStore } from "../../src/adapters/kubernetes/lease-store.ts";
import type { KubernetesConnection } from "../../src/adapters/kubernetes/client.ts";
import { createStateStore } from "../../src/adapters/kubernetes/state-store.ts";
import { natures } from "../../src/ports/index.ts";
import type { World } from "../../src/pipeline/world.ts";

export interface Call {
  /** `port.method`. */
  name: string;
  at: number;
}

type Method = (...args: unknown[]) => Promise<unknown>;
type Port = Record<string, Method>;

/** Has every call to ports and stores written down. */
export function recordCalls(world: World): Call[] {
  const calls: Call[] = [];
  const recorded = <P extends object>(portName: string, port: P): P => {
    const wrapped = Object.entries(port as Port).map(([method, original]): [string, Method] => [
      method,
      (...args) => {
        calls.push({ name: `${portName}.${method}`, at: world.clock.now() });
        return original(...args);
      },
    ]);
    return Object.fromEntries(wrapped) as P;
  };
  const ports = Object.entries(world.ports).map(([name, port]) => [name, recorded(name, port)] as const);
  world.ports = Object.fromEntries(ports) as unknown as World["ports"];
  world.store = recorded("store", world.store);
  world.leases = recorded("leases", world.leases);
  return calls;
}

/** How many requests the real adapter makes of one call to a port that asks the API server. */
export async function requestsPerCall(): Promise<Record<string, number>> {
  let requests = 0;
  const answer = {
    metadata: { name: "x", uid: "u", resourceVersion: "1" },
    status: {},
    items: [],
    gitVersion: "v1",
  };
  const send = async () => {
    requests += 1;
    const body = new SelfDecodingBody(Promise.resolve(Buffer.from(JSON.stringify(answer))));
    return new ResponseContext(200, { "content-type": "application/json" }, body);
  };
  const configuration = createConfiguration({
    httpApi: wrapHttpLibrary({ send }),
    baseServer: new ServerConfiguration("http://x", {}),
  });
  const connection: KubernetesConnection = {
    api: (api) => new api(configuration),
    namespace: "builder",
    close: () => undefined,
  };
  const lease = {
    holder: "pod",
    renewedAt: 0,
    acquiredAt: 0,
    durationMs: 90_000,
    transitions: 0,
    requests: {},
  };
  const announce = createAnnouncer(connection, { jobName: "job", log: { debug: () => undefined } });
  const environment = "prod";
  const [store, leases] = [
    createStateStore(connection, { environment }),
    createLeaseStore(connection, { environment }),
  ];
  const cluster = createCluster(connection) as unknown as Port;
  const measured: Record<string, () => Promise<unknown>> = {
    "store.load": () => store.load(),
    "store.save": () => store.save({ run: {} }, "1"),
    "leases.read": () => leases.read(),
    "leases.write": () => leases.write(lease, "1"),
    "leases.holderLives": () => leases.holderLives(lease),
    "notifier.announce": () => announce({ type: "Normal", reason: "Reason", message: "message" }),
  };
  for (const method of Object.keys(natures.cluster)) {
    // Called once each with what any of them takes; the ones that ask in vain are not what a waiting builder calls.
    measured[`cluster.${method}`] = () => Promise.resolve(cluster[method]?.("prod-a", "x", "x", 1));
  }
  const found: Record<string, number> = {};
  for (const [name, call] of Object.entries(measured)) {
    requests = 0;
    await call().catch(() => undefined);
    found[name] = requests;
  }
  return found;
}

const hourMs = 3_600_000;

/** The most requests that fell into any hour after the list was started and before it was over. */
export function mostInAnHour(
  calls: readonly Call[],
  costs: Readonly<Record<string, number>>,
): { kubernetes: number; harvester: number } {
  const from = calls.find(({ name }) => name === "harvester.startList")?.at ?? NaN;
  const to = calls.findLast(({ name }) => name === "harvester.findList")?.at ?? NaN;
  const within = calls.filter(({ at }) => at > from && at < to);
  const most = (cost: (call: Call) => number) => {
    let [largest, sum, first] = [0, 0, 0];
    for (const call of within) {
      sum += cost(call);
      for (; (within[first]?.at ?? Infinity) <= call.at - hourMs; first += 1) sum -= cost(within[first]!);
      largest = Math.max(largest, sum);
    }
    return largest;
  };
  const ofKubernetes = ({ name }: Call): number => {
    if (!/^(cluster|store|leases)\.|^notifier\.announce$/.test(name)) return 0;
    const cost = costs[name] ?? 0;
    if (cost === 0) throw new Error(`how many requests ${name} makes is not known`);
    return cost;
  };
  return {
    kubernetes: most(ofKubernetes),
    harvester: most(({ name }) => (name.startsWith("harvester.") ? 1 : 0)),
  };
}
