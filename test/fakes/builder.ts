/** One builder of a fake world: its ports behind the instrument, and the ways in which it can end. */
import { BuilderError, CancelledError, type Ending, exitCodeOf, type ExitCode } from "../../src/errors.ts";
import { natures } from "../../src/ports/index.ts";
import { rebuild } from "../../src/operate/rebuild.ts";
import type { World } from "../../src/pipeline/world.ts";
import { BuilderClock } from "./builder-clock.ts";
import { createFakeCluster } from "./cluster.ts";
import { createFakeDns } from "./dns.ts";
import { createFakeHarvester, createFakeSite } from "./harvester.ts";
import { Instrument, type CrashPoint } from "./instrument.ts";
import { recordingLog } from "./log.ts";
import { createFakeReleases } from "./releases.ts";
import { fakeSettings } from "./settings.ts";
import { createFakeLeaseStore, createFakeStateStore } from "./stores.ts";
import type { FakeWorld } from "./world.ts";

export interface BuilderOptions {
  crashAt?: CrashPoint | undefined;
  /** What the API server says of its pod once it was killed: `unknown` on a lost node. */
  leaves?: "gone" | "unknown" | "running";
  /** The Job that it belongs to; its own identity where none is given. */
  job?: string;
  /** Ports that are not in memory. */
  ports?: Partial<World["ports"]>;
  /** Environment variables over the world's. */
  settings?: Record<string, string>;
}

export type Outcome =
  { code: ExitCode; error?: BuilderError } | { code: "killed" } | { code: "bug"; error: unknown };

/** What a verb ends with; the exit code alone will do. */
export type Verb = (world: World, signal: AbortSignal) => Promise<Ending | ExitCode>;

/** The stores' nature; the compiler holds it complete like the ports'. */
const storeNatures: {
  store: Record<keyof World["store"], "read" | "effect">;
  leases: Record<keyof World["leases"], "read" | "effect">;
} = {
  store: { load: "read", save: "effect", loadDocument: "read", saveDocument: "effect" },
  leases: { read: "read", write: "effect", holderLives: "read" },
};

export class FakeBuilder {
  readonly identity: string;
  readonly world: World;
  readonly clock: BuilderClock;
  readonly #instrument: Instrument;
  readonly #fake: FakeWorld;
  readonly #options: BuilderOptions;
  readonly #terminate = new AbortController();
  #die: () => void = () => undefined;

  constructor(fake: FakeWorld, identity: string, options: BuilderOptions) {
    this.#fake = fake;
    this.#options = options;
    this.identity = identity;
    this.clock = new BuilderClock(fake.clock);
    const { clock } = this;
    this.#instrument = new Instrument({
      builder: identity,
      clock,
      faults: fake.faults,
      history: fake.history,
      latencyMs: fake.latencyMs,
      crashAt: options.crashAt,
      onCrash: () => this.kill(),
      at: (ms, act) => void fake.clock.at(ms, act),
      onCall: (name, isEffect) => void fake.calls.push({ name, isEffect }),
      onSend: (name) => fake.invariants.sent(identity, name, fake.store.lease?.record.holder),
      beforeEffect: (effect) => fake.notice("before", effect),
      afterEffect: (effect) => fake.notice("after", effect),
    });
    this.world = this.#makeWorld();
  }

  /** Runs a verb to its end, its death, or until nothing is left to wait for (an error of the test or the program). */
  async run(verb: Verb = rebuild): Promise<Outcome> {
    const { clock, store } = this.#fake;
    store.pods.set(this.identity, "running");
    const died = new Promise<Outcome>((resolve) => (this.#die = () => resolve({ code: "killed" })));
    let stop = (): unknown => undefined;
    const stuck = new Promise<never>((_, reject) => {
      stop = clock.onIdle((why) =>
        reject(new Error(`${this.identity} ${why}; it said last:\n${this.#last()}`)),
      );
    });
    try {
      const outcome = await Promise.race([this.#carryOut(verb), died, stuck]);
      if (outcome.code !== "killed") store.pods.set(this.identity, "finished");
      return outcome;
    } finally {
      stop();
    }
  }

  /** SIGKILL: nothing that it does from now on has any effect, or ever comes back. */
  kill(): void {
    this.clock.freeze();
    this.#fake.store.pods.set(this.identity, this.#options.leaves ?? "gone");
    this.#die();
  }

  /** SIGTERM. */
  terminate(): void {
    this.#terminate.abort(new CancelledError("STOPPED", "stopped by SIGTERM"));
  }

  async #carryOut(verb: Verb): Promise<Outcome> {
    try {
      const ending = await verb(this.world, this.#terminate.signal);
      return { code: typeof ending === "number" ? ending : ending.code };
    } catch (error) {
      return error instanceof BuilderError ? { code: exitCodeOf(error), error } : { code: "bug", error };
    }
  }

  #last(): string {
    return this.#fake.lines
      .slice(-8)
      .map(({ message }) => message)
      .join("\n");
  }

  #makeWorld(): World {
    const { clock, identity } = this;
    const fake = this.#fake;
    const instrument = this.#instrument;
    const { cluster, zones, store, mappings, environment, lines, random } = fake;
    const services = [...new Set(mappings.map(({ service }) => service))];
    const ports = {
      cluster: createFakeCluster(cluster),
      releases: createFakeReleases(cluster, clock, { services, chart: fake.chart }),
      sources: {
        fetchChart: async (commit: string | undefined) => ({
          dir: "/chart",
          name: "powo",
          version: fake.chart.version,
          commit: commit ?? fake.chart.commit,
          environmentValues: undefined,
          valuesDigest: "0".repeat(64),
        }),
        fetchData: async () => ({ bytes: fake.data, sha256: fake.sha256() }),
        readSecrets: async () => ({ file: "/secrets.yaml", sha256: "2".repeat(64), values: {} }),
      },
      harvester: createFakeHarvester(cluster),
      site: createFakeSite(cluster),
      dns: createFakeDns(zones),
      ...this.#options.ports,
      notifier: {
        notify: async (notification: (typeof fake.notifications)[number]) =>
          void fake.notifications.push(structuredClone(notification)),
        announce: async ({ reason, message }: { reason: string; message: string }) =>
          void fake.events.push(`${reason}: ${message}`),
      },
    };
    const stores = { store: createFakeStateStore(store), leases: createFakeLeaseStore(store) };
    return {
      settings: {
        ...fakeSettings(environment, mappings, { ...fake.settings, ...this.#options.settings }),
        jobName: this.#options.job ?? identity,
      },
      ports: instrument.wrap(ports, natures),
      ...instrument.wrap(stores, storeNatures),
      clock,
      randomInt: (below) => random.below(below),
      log: recordingLog(lines, identity, () => clock.now()),
      identity,
      builderNamespace: "builder",
      redact: (text) => text,
      version: "test",
      nameRun: () => undefined,
    };
  }
}
