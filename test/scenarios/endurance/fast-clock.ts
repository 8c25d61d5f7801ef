/** Time that jumps to the next timer once no call is on its way: real HTTP takes no time on it. */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../src/pipeline/clock.ts";

type Method = (...parameters: unknown[]) => Promise<unknown>;

export class FastClock implements Clock {
  readonly #timers = new Set<{ at: number; fire: () => void }>();
  readonly #onJump: (now: number) => Promise<void>;
  #now: number;
  #calls = 0;
  #moving = false;

  constructor(start: number, onJump: (now: number) => Promise<void>) {
    this.#now = start;
    this.#onJump = onJump;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** How many sleep. */
  get timers(): number {
    return this.#timers.size;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#timers.delete(timer);
        reject(signal?.reason as Error);
      };
      const fire = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const timer = { at: this.#now + Math.max(0, ms), fire };
      this.#timers.add(timer);
      signal?.addEventListener("abort", abort, { once: true });
      void this.#move();
    });
  }

  /** The same ports; time stands still while one of their calls is on its way. */
  watchAll<P extends object>(ports: P, names: readonly string[]): P {
    const watched = names.map((name) => {
      const port = (ports as Record<string, Record<string, Method>>)[name] ?? {};
      const calls = Object.entries(port).map(([method, call]) => {
        const watch: Method = async (...parameters) => {
          this.#calls += 1;
          try {
            return await call.apply(port, parameters);
          } finally {
            this.#calls -= 1;
            void this.#move();
          }
        };
        return [method, watch] as const;
      });
      return [name, Object.fromEntries(calls)] as const;
    });
    return { ...ports, ...Object.fromEntries(watched) };
  }

  async #move(): Promise<void> {
    if (this.#moving) return;
    this.#moving = true;
    await turn();
    const next = [...this.#timers].toSorted((one, other) => one.at - other.at)[0];
    if (this.#calls === 0 && next) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      await this.#onJump(this.#now);
      next.fire();
    }
    this.#moving = false;
    if (this.#calls === 0 && this.#timers.size > 0) void this.#move();
  }
}
