/** Time as a port: tests pass their own. */
export interface Clock {
  /** Milliseconds since the epoch: for what is written down and shown. */
  now(): number;
  /** Milliseconds since some moment in this process, whatever is done to the machine's clock: for every duration. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A moment as it is written down: ISO 8601, UTC. */
export function timestamp(clock: Pick<Clock, "now">): string {
  return new Date(clock.now()).toISOString();
}
