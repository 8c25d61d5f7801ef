/**
 * Virtual time for a whole world of builders. A sleep registers a timer; once nothing else can run (setImmediate comes
 * after every microtask, and no fake does I/O) time jumps to the earliest one. Equal times go in seeded order.
 */
import type { Clock } from "../../src/pipeline/clock.ts";
import type { Random } from "../sandbox/kubernetes/random.ts";

interface Timer {
  at: number;
  /** Decides among timers of the same moment. */
  order: number;
  fire: () => void;
}

/** More than any run needs: what goes on for longer waits for something that never comes. */
const longestMs = 60 * 86_400_000;

export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #idleListeners = new Set<(why: string) => void>();
  readonly #random: Random | undefined;
  readonly #latest: number;
  #now: number;
  #count = 0;
  #pumping = false;
  #held = 0;

  /** With `random` timers of the same moment fire in an order that its seed decides, else first come first served. */
  constructor({ start, random }: { start: number; random?: Random | undefined }) {
    this.#now = start;
    this.#latest = start + longestMs;
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#timers.delete(timer);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the signal's reason, as Clock says
        reject(signal?.reason);
      };
      const fire = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const timer = this.at(this.#now + Math.max(0, ms), fire);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Calls back at a time; later than everything that is due before. */
  at(ms: number, fire: () => void): Timer {
    this.#count += 1;
    const timer = { at: ms, order: this.#random?.next() ?? this.#count, fire };
    this.#timers.add(timer);
    this.pump();
    return timer;
  }

  /** Time stands still while this is on its way: real I/O takes none of it. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await work();
    } finally {
      this.#held -= 1;
      this.pump();
    }
  }

  /** Is told when nothing is left to wait for, or nothing ever comes of it; returns how to stop listening. */
  onIdle(listener: (why: string) => void): () => void {
    this.#idleListeners.add(listener);
    this.pump();
    return () => this.#idleListeners.delete(listener);
  }

  /** Sees to it that time goes on. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#step();
    });
  }

  #step(): void {
    if (this.#held > 0) return;
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    if (!next || next.at > this.#latest) {
      const why = next ? "waits for something that never comes" : "nothing is left to wait for";
      for (const listener of this.#idleListeners) listener(why);
      return;
    }
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.fire();
    this.pump();
  }
}
