/** The cluster that all builders of a fake world share: namespaces, Helm releases, and what runs in them. Lazy: time is asked, never waited for. */
import type { ClusterCapacity } from "../../src/domain/capacity.ts";
import type { ServiceView, WorkloadView } from "../../src/domain/workloads.ts";
import { HarvesterModel, type HarvesterOptions } from "../sandbox/harvester/model.ts";
import type { Random } from "../sandbox/kubernetes/random.ts";

export interface FakeRelease {
  status: "deployed" | "pending-install" | "pending-upgrade" | "failed" | "uninstalling";
  revision: number;
  /** When its objects were made, in milliseconds since the epoch; undefined: not yet. */
  installedAt: number | undefined;
  addresses: Record<string, string>;
  /** What the load balancers have besides: IPv6 addresses, host names. */
  others?: Record<string, string[]>;
  /** Of its images; "1" where it was installed long ago. */
  tag?: string;
}

interface FakePod {
  uid: string;
  restarts: number;
  /** Ready from then on. */
  readyAt: number;
  /** A reason for which it waits, as long as it is set. */
  trouble?: string | undefined;
  logs: string[];
  /** Warning events about it. */
  warnings?: string[];
}

export interface FakeNamespace {
  name: string;
  uid: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  createdAt: number;
  /** When it will be gone, once it is being deleted; Infinity hangs. */
  goneAt: number | undefined;
  /** Whether the builder has bound itself to the role of releases here: what is inside is closed to it otherwise. */
  bound: boolean;
  release: FakeRelease | undefined;
  pods: Record<string, FakePod>;
  harvester: HarvesterModel;
  /** What GET / of the site answers. */
  siteStatus: number;
  /** Services that somebody else has made there. */
  strangers?: ServiceView[];
  /** Its release has an uninstall hook that never ends well. */
  hookFails?: boolean;
  /** Whether a page takes the place of everything that the site has, with 200. */
  isMaintained?: boolean;
}

export interface ClusterTimes {
  installMs: number;
  uninstallMs: number;
  deleteMs: number;
  /** From install to readiness. */
  readyMs: number;
  addressMs: number;
}

export interface ClusterModelOptions {
  now: () => number;
  random: Random;
  services: readonly string[];
  times?: Partial<ClusterTimes> | undefined;
  harvester?: Omit<HarvesterOptions, "now"> | undefined;
}

const components = ["db", "geodb", "geoserver", "harvester", "portal", "solr"];

export class ClusterModel {
  readonly times: ClusterTimes;
  readonly #options: ClusterModelOptions;
  readonly #namespaces = new Map<string, FakeNamespace>();
  /** Namespaces that are gone: their harvesters still tell what was done to them. */
  readonly past: FakeNamespace[] = [];
  /** Components whose pods never become ready in a new release, with the reason. */
  readonly doomed = new Map<string, string>();
  /** What the nodes have; undefined: the builder may not see them. */
  capacity: Omit<ClusterCapacity, "wanted"> | undefined = {
    nodes: [1, 2, 3].map((number) => ({
      name: `node-${number}`,
      schedulable: true,
      allocatable: { cpu: 16, memory: 64 * 2 ** 30, pods: 110 },
    })),
    pods: [],
  };
  readonly #owners = new Map<string, string>();
  #uids = 0;

  constructor(options: ClusterModelOptions) {
    this.#options = options;
    this.times = {
      installMs: 20_000,
      uninstallMs: 10_000,
      deleteMs: 8_000,
      readyMs: 40_000,
      addressMs: 50_000,
      ...options.times,
    };
  }

  get now(): number {
    return this.#options.now();
  }

  get components(): string[] {
    return [...components, ...this.#options.services];
  }

  namespaces(): FakeNamespace[] {
    for (const namespace of this.#namespaces.values()) {
      if (namespace.goneAt === undefined || namespace.goneAt > this.now) continue;
      this.#namespaces.delete(namespace.name);
      this.past.push(namespace);
    }
    return [...this.#namespaces.values()];
  }

  find(name: string): FakeNamespace | undefined {
    return this.namespaces().find((namespace) => namespace.name === name);
  }

  require(name: string): FakeNamespace {
    const found = this.find(name);
    if (!found) throw new Error(`test: there is no namespace ${name}`);
    return found;
  }

  create(name: string, labels: Record<string, string> = {}): FakeNamespace {
    const { now, harvester } = this.#options;
    const namespace: FakeNamespace = {
      name,
      uid: this.#uid(),
      labels: { ...labels },
      annotations: {},
      createdAt: this.now,
      goneAt: undefined,
      bound: false,
      release: undefined,
      pods: {},
      harvester: new HarvesterModel({ ...harvester, now }),
      siteStatus: 200,
    };
    this.#namespaces.set(name, namespace);
    return namespace;
  }

  /** Begins its deletion; its volumes and its database go with it. */
  delete(name: string): void {
    const namespace = this.find(name);
    if (namespace) namespace.goneAt ??= this.now + this.times.deleteMs;
  }

  /** A release whose objects are there since `at`. */
  install(name: string, at = this.now): FakeRelease {
    const namespace = this.require(name);
    const ready = at + this.times.readyMs;
    for (const component of this.components) {
      const trouble = this.doomed.get(component);
      namespace.pods[component] = {
        uid: this.#uid(),
        restarts: 0,
        readyAt: trouble === undefined ? ready : Infinity,
        trouble,
        logs: [],
      };
    }
    const addresses = Object.fromEntries(
      this.#options.services.map((service) => [service, this.#newAddress(name)]),
    );
    namespace.release = { status: "deployed", revision: 1, installedAt: at, addresses };
    return namespace.release;
  }

  /** The objects of a release go; the namespace stays, and with it nothing of the database. */
  uninstall(name: string): void {
    const namespace = this.find(name);
    if (!namespace) return;
    if (namespace.release?.installedAt !== undefined) namespace.harvester.loseDatabase();
    namespace.release = undefined;
    namespace.pods = {};
  }

  /** A release that went live long ago. */
  liveRelease(name: string, labels: Record<string, string>): FakeNamespace {
    const namespace = this.create(name, labels);
    namespace.createdAt -= 7 * 86_400_000;
    this.install(name, this.now - 6 * 86_400_000);
    return namespace;
  }

  /** The pod dies and is back after `downMs`: what the harvester was at is never finished. */
  restart(name: string, component: string, downMs = 30_000): void {
    const namespace = this.require(name);
    const pod = namespace.pods[component];
    if (!pod) throw new Error(`test: no pod of ${component} in ${name}`);
    pod.restarts += 1;
    pod.readyAt = this.now + downMs;
    if (component === "harvester") namespace.harvester.killPod({ downMs });
  }

  /** Its pod is deleted, and another one is ready after `downMs`. */
  replacePod(name: string, component: string, downMs = 30_000): void {
    this.restart(name, component, downMs);
    Object.assign(this.require(name).pods[component] ?? {}, { uid: this.#uid(), restarts: 0 });
  }

  isReady(name: string, component: string): boolean {
    const pod = this.find(name)?.pods[component];
    return pod !== undefined && pod.trouble === undefined && this.now >= pod.readyAt;
  }

  /** Whether every pod of the release is ready. */
  isAllReady(name: string): boolean {
    const namespace = this.find(name);
    return (
      namespace?.release?.installedAt !== undefined && this.components.every((c) => this.isReady(name, c))
    );
  }

  /** Address of a service, once its load balancer has one. */
  addressOf(name: string, service: string): string | undefined {
    const release = this.find(name)?.release;
    if (release?.installedAt === undefined || this.now < release.installedAt + this.times.addressMs)
      return undefined;
    return release.addresses[service];
  }

  /** The load balancers of a release get other addresses, or none. */
  moveAddresses(name: string, to: "others" | "none" = "others"): void {
    const { release } = this.require(name);
    if (!release) throw new Error(`test: ${name} has no release`);
    const entries = this.#options.services.map((service) => [service, this.#newAddress(name)]);
    release.addresses = to === "none" ? {} : (Object.fromEntries(entries) as Record<string, string>);
  }

  /** The release that an address was given to, whether it is still there or not; none is ever given twice. */
  ownerOf(address: string): string | undefined {
    return this.#owners.get(address);
  }

  workload(name: string, component: string): WorkloadView {
    const available = this.isReady(name, component) ? 1 : 0;
    return { component, desired: 1, available, updated: 1, observed: true };
  }

  #newAddress(owner: string): string {
    const count = this.#owners.size + 1;
    const address = `203.0.${113 + Math.floor(count / 250)}.${1 + (count % 250)}`;
    this.#owners.set(address, owner);
    return address;
  }

  #uid(): string {
    this.#uids += 1;
    return `uid-${this.#uids}-${this.#options.random.suffix()}`;
  }
}
