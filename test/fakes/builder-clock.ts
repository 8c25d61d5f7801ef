/** One builder's own view of the common time: it can be paused (a swapped-out node) or frozen for ever (killed). */
import type { Clock } from "../../src/pipeline/clock.ts";
import type { FakeClock } from "./clock.ts";

export class BuilderClock implements Clock {
  readonly #clock: FakeClock;
  #frozen = false;
  #pausedUntil = -Infinity;
  #aheadMs = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.#aheadMs;
  }

  monotonic(): number {
    return this.#clock.now();
  }

  /** Somebody sets the machine's clock; pauses go on as they were. */
  jump(ms: number): void {
    this.#aheadMs += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.pass();
    try {
      await this.#clock.sleep(ms, signal);
    } finally {
      await this.pass();
    }
  }

  /** Resolves at once for a builder that is alive and awake; never for one that was killed. */
  async pass(): Promise<void> {
    while (this.#pausedUntil > this.#clock.now() && !this.#frozen) {
      await this.#clock.sleep(this.#pausedUntil - this.#clock.now());
    }
    if (this.#frozen) await new Promise<never>(() => undefined);
  }

  pauseUntil(ms: number): void {
    this.#pausedUntil = ms;
  }

  freeze(): void {
    this.#frozen = true;
  }
}
