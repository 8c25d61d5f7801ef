/**
 * Goes between one builder and the fakes: every call of every port takes its time, may be hit by a fault, and every
 * effect is written down, may be the one at which the builder is killed, and is followed by the invariants' check.
 */
import type { Nature } from "../../src/ports/index.ts";
import type { BuilderClock } from "./builder-clock.ts";
import type { Faults } from "./faults.ts";
import type { EffectRecord } from "./history.ts";

/**
 * Where a builder is killed: before its effect of this number, after it, once it has begun, or with the call on its way
 * (`late`): it arrives when the builder is long dead, perhaps while the next one is at work.
 */
export interface CrashPoint {
  index: number;
  when: "before" | "during" | "after" | "late";
}

export interface InstrumentOptions {
  builder: string;
  clock: BuilderClock;
  faults: Faults;
  history: EffectRecord[];
  latencyMs: () => number;
  crashAt: CrashPoint | undefined;
  onCrash: () => void;
  /** Calls back at a time in milliseconds since the epoch. */
  at: (ms: number, act: () => void) => void;
  /** Is told of every call. */
  onCall: (name: string, isEffect: boolean) => void;
  /** Is told of an effect's name when its builder sends it, which may be well before it arrives. */
  onSend: (name: string) => void;
  /** Looks at an effect before it happens, and at the world after it. */
  beforeEffect: (effect: EffectRecord) => void | Promise<void>;
  afterEffect: (effect: EffectRecord) => void | Promise<void>;
}

type Method = (...parameters: unknown[]) => Promise<unknown>;
type Natures = Record<string, Record<string, Nature>>;

/** A loop that never sleeps never lets time go on: better a test that says so. */
const mostCalls = 200_000;
/** How long a call of a dead builder may still be on its way. */
const lateMs = 3_000;

export class Instrument {
  readonly #options: InstrumentOptions;
  #effects = 0;
  #calls = 0;

  constructor(options: InstrumentOptions) {
    this.#options = options;
  }

  /** The same ports behind the instrument. */
  wrap<P extends object>(ports: P, natures: object): P {
    const wrapped = Object.entries(natures as Natures).map(([portName, methods]) => {
      const port = (ports as Record<string, Record<string, Method>>)[portName]!;
      const calls = Object.entries(methods).map(([method, nature]) => {
        const call: Method = (...args) =>
          this.#call(`${portName}.${method}`, nature, args, () => port[method]!(...args));
        return [method, call] as const;
      });
      return [portName, Object.fromEntries(calls)] as const;
    });
    return Object.fromEntries(wrapped) as P;
  }

  async #call(
    name: string,
    nature: Nature,
    args: readonly unknown[],
    proceed: () => Promise<unknown>,
  ): Promise<unknown> {
    const { clock, faults, builder, latencyMs } = this.#options;
    this.#calls += 1;
    if (this.#calls > mostCalls) throw new Error(`test: ${builder} makes calls without end, now ${name}`);
    await clock.pass();
    this.#options.onCall(name, nature === "effect");
    if (nature === "effect") this.#options.onSend(name);
    const latency = latencyMs();
    if (latency > 0) await clock.sleep(latency);
    const fault = faults.match(name);
    if (nature === "read") {
      if (fault) throw fault.error;
      const answer = await proceed();
      await clock.pass();
      return answer;
    }
    const record: EffectRecord = {
      builder,
      index: this.#effects,
      name,
      args: args.map(plain),
      at: clock.now(),
      outcome: "never began",
    };
    this.#effects += 1;
    this.#options.history.push(record);
    return this.#effect(record, fault, proceed);
  }

  async #effect(
    record: EffectRecord,
    fault: ReturnType<Faults["match"]>,
    proceed: () => Promise<unknown>,
  ): Promise<unknown> {
    const { clock, crashAt, beforeEffect, afterEffect } = this.#options;
    const killed = (when: CrashPoint["when"]) => crashAt?.index === record.index && crashAt.when === when;
    await beforeEffect(record);
    if (killed("before")) return this.#die();
    if (killed("late")) {
      const arrive = async () => {
        await proceed().catch(() => undefined);
        await afterEffect(record);
      };
      this.#options.at(clock.now() + lateMs, () => void arrive());
      return this.#die();
    }
    if (fault?.when === "before") throw fault.error;
    record.outcome = "under way";
    const answer = proceed();
    if (killed("during")) {
      answer.then(
        () => afterEffect(record),
        () => undefined,
      );
      return this.#die();
    }
    try {
      await answer;
    } catch (error) {
      record.outcome = "failed";
      await clock.pass();
      throw error;
    }
    record.outcome = fault ? "unanswered" : "done";
    await afterEffect(record);
    if (killed("after")) return this.#die();
    await clock.pass();
    if (fault) throw fault.error;
    return answer;
  }

  async #die(): Promise<never> {
    this.#options.onCrash();
    return new Promise<never>(() => undefined);
  }
}

/** A copy of an argument; signals and bytes say nothing that a test would look at. */
function plain(value: unknown): unknown {
  if (value instanceof AbortSignal || value instanceof Uint8Array) return undefined;
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
