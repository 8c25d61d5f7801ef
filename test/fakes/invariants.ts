/** What must hold at every moment of every run, looked at before and after every effect of every builder. */
import type { Mapping } from "../../src/domain/dns-records.ts";
import { annotations, isReleaseName, labels } from "../../src/domain/names.ts";
import type { ZoneModel } from "../sandbox/dns/zone-model.ts";
import type { ClusterModel } from "./cluster-model.ts";
import { describeEffect, type EffectRecord } from "./history.ts";

export interface InvariantOptions {
  cluster: ClusterModel;
  zones: ReadonlyMap<string, ZoneModel>;
  mappings: readonly Mapping[];
  environment: string;
  /** Namespaces that nobody may delete. */
  untouchable: ReadonlySet<string>;
}

export class Invariants {
  /** Each kind of violation once, with the effect at which it was seen first. */
  get violations(): string[] {
    return [...this.#violations].map(([what, where]) => `${what}: ${where}`);
  }
  readonly #violations = new Map<string, string>();
  /** Verbs that stand beside a running builder by design act without the Lease. */
  fenceIsWatched = false;
  /** Invariant 1 is not looked at where a test itself breaks the live site. */
  readyIsWatched = true;
  readonly #options: InvariantOptions;

  constructor(options: InvariantOptions) {
    this.#options = options;
  }

  /** Invariant 5: who sends an effect to the outside holds the Lease; a lease that somebody deleted is held by nobody. */
  sent(builder: string, name: string, holder: string | undefined): void {
    const outside = /^(cluster|releases|harvester|dns)\./.test(name);
    if (this.fenceIsWatched && outside && holder !== undefined && holder !== builder)
      this.#note("acts without the Lease", `${builder} ${name}, which ${holder} holds`);
  }

  before(effect: EffectRecord): void {
    if (effect.name === "cluster.deleteNamespace" || effect.name === "releases.uninstall")
      this.#deletion(effect);
  }

  after(effect: EffectRecord): void {
    if (this.readyIsWatched) this.#pointsAtReady(effect);
    this.#oneRelease(effect);
    this.#startedOnce(effect);
  }

  /** At the end: all names or none, by the owner of the addresses. */
  atEnd(): void {
    const owners = new Set(this.#options.mappings.map((mapping) => this.#ownerNow(mapping)));
    if (owners.size > 1) this.#note("the names are divided", `${[...owners].join(", ")} at the end`);
  }

  /** Invariant 2: neither what DNS points at, nor what a resolver may still hold, is kept, or is another's. */
  #deletion(effect: EffectRecord): void {
    const { cluster, zones, mappings, environment, untouchable } = this.#options;
    const name = String(effect.args[0]);
    const namespace = cluster.find(name);
    if (!namespace) return;
    const say = (what: string) => this.#note(what, describeEffect(effect));
    if (!isReleaseName(environment, name) || untouchable.has(name)) say("deletes what is not its own");
    if (annotations.keep in namespace.annotations) say("deletes what is kept");
    // What any record of the zones points at, mapped or not.
    const own = Object.values(namespace.release?.others ?? {}).flat();
    for (const { name: at, type, rrdatas } of [...zones.values()].flatMap((zone) => zone.records()))
      if (type === "A" || type === "AAAA")
        if (rrdatas.some((address) => own.includes(address) || cluster.ownerOf(address) === name))
          say(`deletes what ${at} (${type}) points at`);
    for (const { zone, name: record } of mappings) {
      const answers = zones.get(zone)?.mayBeAnswered(record, "A", cluster.now) ?? [];
      const hit = answers.find((address) => cluster.ownerOf(address) === name);
      if (hit !== undefined) say(`deletes what ${record} may still be answered with (${hit})`);
    }
  }

  /** Invariant 1: each name points at a ready release, or at what never was a release of ours. */
  #pointsAtReady(effect: EffectRecord): void {
    const { cluster, mappings } = this.#options;
    for (const mapping of mappings) {
      const owner = this.#ownerNow(mapping);
      if (owner === undefined || owner === "stranger" || cluster.isAllReady(owner)) continue;
      this.#note(`${mapping.name} points at ${owner}, which is not ready`, describeEffect(effect));
    }
  }

  /** Invariant 3, first half: a run never has two releases. */
  #oneRelease(effect: EffectRecord): void {
    const runs = this.#options.cluster
      .namespaces()
      .flatMap((namespace) => namespace.labels[labels.run] ?? []);
    if (new Set(runs).size < runs.length) this.#note("a run has two releases", describeEffect(effect));
  }

  /** Invariant 3, second half. A lost database begins a new count. */
  #startedOnce(effect: EffectRecord): void {
    if (effect.name !== "harvester.startList") return;
    const effects = this.#options.cluster.find(String(effect.args[0]))?.harvester.effects ?? [];
    const lost = effects.findLastIndex(({ kind }) => kind === "database-lost");
    const started = effects
      .slice(lost + 1)
      .flatMap(({ kind, identifier }) => (kind === "list-run" ? [identifier] : []));
    if (new Set(started).size < started.length)
      this.#note("a list was started twice", describeEffect(effect));
  }

  #note(what: string, where: string): void {
    if (!this.#violations.has(what)) this.#violations.set(what, where);
  }

  #ownerNow({ zone, name }: Mapping): string | undefined {
    const record = this.#options.zones.get(zone)?.find(name);
    if (!record) return undefined;
    return this.#options.cluster.ownerOf(record.rrdatas[0] ?? "") ?? "stranger";
  }
}
