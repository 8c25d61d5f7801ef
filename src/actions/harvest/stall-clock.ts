import type { Follower } from "./follower.ts";

/** A stall clock: counts only the time between two answers, so an outage is never a stall. */
export class StallClock {
  readonly #follower: Follower;
  #idleMs = 0;
  #seen: string | undefined;
  #answeredAt: number;
  #aways: number;

  constructor(follower: Follower) {
    this.#follower = follower;
    this.#answeredAt = follower.run.clock.monotonic();
    this.#aways = follower.aways;
  }

  /** How long nothing has moved, in milliseconds. */
  get idleMs(): number {
    return this.#idleMs;
  }

  /** Begins anew: something was done about it. */
  restart(): void {
    this.#idleMs = 0;
  }

  /** Takes an answer in; `seen` changes whenever anything has moved. */
  async advance(seen: string): Promise<void> {
    const { run, aways } = this.#follower;
    const { pollIntervalMs } = run.settings.harvest;
    const now = run.clock.monotonic();
    // What took longer than two polls was an outage, or a machine that slept.
    const passedMs = Math.min(now - this.#answeredAt, 2 * pollIntervalMs);
    // What moved before an outage ended, or before this builder began, says nothing of the time since.
    const isComparable = this.#seen !== undefined && aways === this.#aways;
    const hasMoved = seen !== this.#seen;
    this.#answeredAt = now;
    this.#idleMs = hasMoved ? 0 : this.#idleMs + passedMs;
    this.#seen = seen;
    this.#aways = aways;
    if (hasMoved && isComparable && this.#follower.state.awayAt !== undefined)
      await this.#follower.save({ awayAt: undefined });
  }
}
