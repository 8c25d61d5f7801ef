/**
 * A whole world in memory: one cluster, its zones, its state and lock, and any number of builders at work on it. No I/O
 * and no real time; the same seed gives the same run to the last call.
 */
import { createHash } from "node:crypto";
import type { Mapping } from "../../src/domain/dns-records.ts";
import { annotations, namespaceLabels } from "../../src/domain/names.ts";
import type { Notification } from "../../src/ports/notifier.ts";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { ZoneModel } from "../sandbox/dns/zone-model.ts";
import type { DataConfiguration } from "../sandbox/harvester/data-configuration.ts";
import type { HarvesterOptions } from "../sandbox/harvester/model.ts";
import { Random } from "../sandbox/kubernetes/random.ts";
import { FakeBuilder, type BuilderOptions } from "./builder.ts";
import { FakeClock } from "./clock.ts";
import { ClusterModel, type ClusterTimes, type FakeNamespace } from "./cluster-model.ts";
import { Faults } from "./faults.ts";
import { type EffectRecord } from "./history.ts";
import { Invariants } from "./invariants.ts";
import type { LogLine } from "./log.ts";
import { StoreModel } from "./stores.ts";

export interface LiveOptions {
  name?: string;
  /** Without labels it is the original builder's. */
  labels?: boolean;
  keep?: boolean;
  ttl?: number;
}

export interface FakeWorldOptions {
  seed?: number;
  environment?: string;
  mappings?: readonly Mapping[];
  /** Environment variables over the defaults. */
  settings?: Record<string, string>;
  /** What is live when the test begins; nothing where it is left out. */
  live?: LiveOptions | undefined;
  times?: Partial<ClusterTimes>;
  harvester?: Omit<HarvesterOptions, "now">;
  document?: DataConfiguration;
  /** Every call takes so many milliseconds, decided by the seed: from, to. None where it is left out. */
  latency?: readonly [number, number];
  /** Timers of the same moment fire in an order that the seed decides. */
  shuffle?: boolean;
}

/** A Sunday noon, as the CronJob has it. */
const sundayNoon = Date.UTC(2026, 10, 22, 12);

const oneZone: readonly Mapping[] = [
  { zone: "site", name: "prod.example.", service: "ingress" },
  { zone: "site", name: "colplanta.prod.example.", service: "ingress-colplanta" },
];

type Hook = { when: "before" | "after"; name: string; left: number; act: (effect: EffectRecord) => void };

export class FakeWorld {
  readonly environment: string;
  readonly mappings: readonly Mapping[];
  readonly settings: Record<string, string>;
  readonly clock: FakeClock;
  readonly random: Random;
  readonly cluster: ClusterModel;
  readonly zones: ReadonlyMap<string, ZoneModel>;
  readonly store = new StoreModel();
  readonly faults: Faults;
  readonly invariants: Invariants;
  readonly history: EffectRecord[] = [];
  /** Every call of every builder, reads as well. */
  readonly calls: { name: string; isEffect: boolean }[] = [];
  readonly notifications: Notification[] = [];
  readonly events: string[] = [];
  readonly lines: LogLine[] = [];
  readonly document: DataConfiguration;
  readonly chart = {
    commit: "1".repeat(40),
    version: "0.1.0",
    broken: undefined as string | undefined,
    tag: "1",
  };
  /** The bytes that DATA_CONFIG_PATH serves. */
  data: Buffer;
  readonly latencyMs: () => number;
  readonly untouchable = new Set<string>();
  readonly #hooks: Hook[] = [];

  constructor(options: FakeWorldOptions) {
    const { seed = 1, environment = "prod", mappings = oneZone, latency, live } = options;
    this.environment = environment;
    this.mappings = mappings;
    this.settings = options.settings ?? {};
    this.random = new Random(seed);
    const shuffled = options.shuffle ? new Random(seed + 7_919) : undefined;
    this.clock = new FakeClock({ start: sundayNoon, random: shuffled });
    const now = () => this.clock.now();
    const latencies = new Random(seed + 104_729);
    this.latencyMs = latency ? () => latency[0] + latencies.below(latency[1] - latency[0] + 1) : () => 0;
    this.faults = new Faults(now);
    this.document =
      options.document ?? generateDataConfiguration({ organisations: 3, jobs: 5, listed: 4, seed });
    this.data = Buffer.from(JSON.stringify(this.document));
    const harvester = { jobMs: 600_000, ...options.harvester };
    const services = [...new Set(mappings.map(({ service }) => service))];
    this.cluster = new ClusterModel({ now, random: this.random, services, times: options.times, harvester });
    this.zones = new Map(
      [...new Set(mappings.map(({ zone }) => zone))].map((name) => {
        const names = mappings.filter(({ zone }) => zone === name).map((mapping) => mapping.name);
        return [name, new ZoneModel({ name, dnsName: apexOf(names), now, pendingMs: 8_000 })];
      }),
    );
    const { cluster, zones, untouchable } = this;
    this.invariants = new Invariants({ cluster, zones, mappings, environment, untouchable });
    if (live) this.makeLive(live);
  }

  /** A release that the public names point at for a week. */
  makeLive({
    name = `${this.environment}-old01`,
    labels = true,
    keep = false,
    ttl = 300,
  }: LiveOptions): FakeNamespace {
    const given = labels ? namespaceLabels(this.environment, `${this.environment}-20261115-1200`) : {};
    const namespace = this.cluster.liveRelease(name, given);
    if (labels) namespace.annotations[annotations.liveSince] = "2026-11-16T07:33:00.000Z";
    if (keep) namespace.annotations[annotations.keep] = "true";
    namespace.harvester.harvestAtOnce(this.document);
    this.point(name, ttl);
    return namespace;
  }

  /** Points every public name at a release, as somebody else would. */
  point(name: string, ttl = 300): void {
    for (const { zone, name: record, service } of this.mappings) {
      const address = this.cluster.addressOf(name, service);
      if (address === undefined) throw new Error(`test: ${service} of ${name} has no address`);
      this.zones.get(zone)?.put({ name: record, type: "A", ttl, rrdatas: [address] });
    }
  }

  /** A builder, not yet at work. */
  builder(identity: string, options: BuilderOptions = {}): FakeBuilder {
    return new FakeBuilder(this, identity, options);
  }

  /** Acts at the effect of this name, the nth (from 1). */
  when(when: Hook["when"], name: string, act: Hook["act"], nth = 1): void {
    this.#hooks.push({ when, name, left: nth, act });
  }

  notice(when: Hook["when"], effect: EffectRecord): void {
    for (const hook of [...this.#hooks]) {
      if (hook.when !== when || hook.name !== effect.name || hook.left <= 0) continue;
      hook.left -= 1;
      if (hook.left === 0) hook.act(effect);
    }
    this.invariants[when](effect);
  }

  /** The release that a public name points at, or its bare address. */
  pointsAt({ zone, name }: Mapping): string | undefined {
    const record = this.zones.get(zone)?.find(name);
    const address = record?.rrdatas[0];
    return address === undefined ? undefined : (this.cluster.ownerOf(address) ?? address);
  }

  /** What the public names point at: one release, unless they are divided. */
  get live(): string[] {
    return [...new Set(this.mappings.flatMap((mapping) => this.pointsAt(mapping) ?? []))].sort();
  }

  get namespaces(): string[] {
    return this.cluster
      .namespaces()
      .map(({ name }) => name)
      .sort();
  }

  /** The effects of a name, by any builder, that took place. */
  effects(name: string): EffectRecord[] {
    return this.history.filter((effect) => effect.name === name && effect.outcome !== "never began");
  }

  get said(): string {
    return this.lines.map(({ builder, step, message }) => `${builder} ${step}: ${message}`).join("\n");
  }

  sha256(): string {
    return createHash("sha256").update(this.data).digest("hex");
  }
}

/** The name above all of them: `example.` of `prod.example.` and `colplanta.prod.example.`. */
function apexOf(names: readonly string[]): string {
  const shortest = names.toSorted((a, b) => a.length - b.length)[0] ?? ".";
  return shortest.split(".").slice(1).join(".");
}

export function createFakeWorld(options: FakeWorldOptions = {}): FakeWorld {
  return new FakeWorld(options);
}
