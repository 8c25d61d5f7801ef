/**
 * One builder at a time: a lease that is renewed while its holder lives, and that fences every outside effect.
 * Model: client-go's leader election, with one difference: a holder known to be dead is succeeded at once.
 */
import { CancelledError, ConflictError, TransientError } from "../errors.ts";
import type { Fence } from "./guard.ts";
import { afterConflict } from "./retry.ts";
import type { LeaseRecord, LeaseStore, VersionedLease } from "./stores.ts";
import type { Task } from "./task.ts";

export interface LockOptions extends Pick<Task, "clock" | "log"> {
  store: LeaseStore;
  /** Pod name, or host name and process id. */
  identity: string;
  durationMs: number;
  /** How long the store may be away before the holder gives up. */
  timeoutMs: number;
  /** The verb, when it is not a run that is carried out under the lock: others wait for it instead of joining. */
  purpose?: string | undefined;
}

export type Acquired =
  | { kind: "held"; lastSeen: number | undefined }
  | { kind: "busy"; holder: string; purpose: string | undefined };

type Requests = Readonly<Record<string, string>>;

const maxReleaseMs = 4_000;
const maxReleaseTries = 3;

export class Lock implements Fence {
  readonly #options: LockOptions;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  readonly #listeners: ((requests: Requests) => void)[] = [];
  #lease: VersionedLease | undefined;
  /** By the monotonic clock, from before the write was sent. */
  #renewedAt = 0;
  #renewal: Promise<void> | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: LockOptions) {
    this.#options = options;
  }

  /** Aborted when the lease was lost, or could not be renewed for longer than the time allowed. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** What operators asked of the builder, as last seen. */
  get requests(): Requests {
    return this.#lease?.requests ?? {};
  }

  /** Calls back with the requests now, and whenever a renewal brings them. */
  onRequests(listener: (requests: Requests) => void): void {
    this.#listeners.push(listener);
    listener(this.requests);
  }

  /**
   * Takes the lease, or finds that another builder holds and renews it. Watches a holder whose life can't be told
   * until it either renews or lets the lease expire: a dead builder is never joined.
   */
  async acquire(signal: AbortSignal): Promise<Acquired> {
    const { store, clock, log } = this.#options;
    let first: VersionedLease | undefined;
    let watchedSince = clock.monotonic();
    const pause = afterConflict("the lease", { ...this.#options, signal });
    for (;;) {
      const lease = await store.read();
      const holder = lease?.holder;
      const watchedMs = first?.holder === holder ? clock.monotonic() - watchedSince : 0;
      if (!lease || (await this.#isFree(lease)) || (first && this.#hasExpired(lease, watchedMs))) {
        const taken = await this.#tryTake(lease);
        if (taken) return taken;
        await pause();
        continue;
      }
      if (first?.holder !== holder) {
        [first, watchedSince] = [lease, clock.monotonic()];
        const seconds = Math.ceil(lease.durationMs / 1000);
        const who = holder ?? "another builder";
        log.info({}, `${who} seems to be at work; waiting at most ${seconds}s for it to renew its Lease`);
      }
      if (lease.renewedAt !== first?.renewedAt)
        return { kind: "busy", holder: holder ?? "", purpose: lease.purpose };
      await clock.sleep(Math.min(1000, lease.durationMs / 10), signal);
    }
  }

  async #isFree(lease: VersionedLease): Promise<boolean> {
    const { store, identity } = this.#options;
    if (lease.holder === undefined || lease.holder === identity) return true;
    return (await store.holderLives(lease)) === false;
  }

  /**
   * Expired: its time is over by the clock AND nothing was renewed during a whole renewal interval that we watched.
   * The second half keeps a builder whose own clock is wrong from succeeding a living one.
   */
  #hasExpired({ renewedAt = 0, durationMs }: LeaseRecord, watchedMs: number): boolean {
    if (watchedMs >= durationMs) return true;
    return renewedAt + durationMs < this.#options.clock.now() && watchedMs > durationMs / 2;
  }

  async #tryTake(current: VersionedLease | undefined): Promise<Acquired | undefined> {
    const { store, clock, identity, durationMs, purpose } = this.#options;
    const [now, sentAt] = [clock.now(), clock.monotonic()];
    const next: LeaseRecord = {
      ...{ holder: identity, renewedAt: now, acquiredAt: now, durationMs, purpose },
      transitions: (current?.transitions ?? -1) + 1,
      requests: current?.requests ?? {},
    };
    try {
      this.#lease = await store.write(next, current?.version);
      this.#renewedAt = sentAt;
      return { kind: "held", lastSeen: current?.renewedAt };
    } catch (error) {
      if (error instanceof ConflictError) return undefined;
      throw error;
    }
  }

  /** Renews every third of the duration until released; call once after acquiring. */
  keepRenewing(): void {
    this.#loop = this.#renewForever();
  }

  async #renewForever(): Promise<void> {
    const { clock, durationMs, timeoutMs, log } = this.#options;
    while (!this.#isOver()) {
      try {
        await clock.sleep(durationMs / 3, this.#stopped.signal);
        await this.renew();
      } catch (error) {
        if (this.#isOver()) return;
        log.debug({ err: error }, "the lease could not be renewed");
        if (clock.monotonic() - this.#renewedAt > timeoutMs + durationMs) this.#lost.abort(error);
      }
    }
  }

  #isOver(): boolean {
    return this.#stopped.signal.aborted || this.lost.aborted;
  }

  /** Renews now, one renewal at a time; requests that operators left meanwhile are taken over and reported. */
  renew(): Promise<void> {
    this.#renewal ??= this.#renewNow().finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  async #renewNow(): Promise<void> {
    const { store, clock, identity } = this.#options;
    const pause = afterConflict("the lease", { ...this.#options, signal: this.#stopped.signal });
    for (;;) {
      const mine = this.#lease;
      if (!mine) throw new TypeError("renewed before it was acquired");
      const sentAt = clock.monotonic();
      try {
        const renewed = { ...mine, holder: identity, renewedAt: clock.now() };
        this.#lease = await store.write(renewed, mine.version);
        this.#renewedAt = sentAt;
        for (const listener of this.#listeners) listener(this.requests);
        return;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        const stored = await store.read();
        if (stored && stored.holder !== identity) this.#lose(stored.holder);
        if (stored) this.#lease = stored;
        else await this.#recreate(mine);
        await pause();
      }
    }
  }

  /** Somebody deleted the lease by hand: whoever writes it first holds it. */
  async #recreate(mine: LeaseRecord): Promise<void> {
    const { store, identity, log } = this.#options;
    log.warn({}, "somebody deleted the lease; taking it again");
    try {
      this.#lease = await store.write(mine, undefined);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      const stored = await store.read();
      if (stored?.holder !== identity) this.#lose(stored?.holder);
    }
  }

  #lose(holder: string | undefined): never {
    const message = `another builder (${holder ?? "unknown"}) has taken over this run`;
    const error = new CancelledError("LEASE_LOST", message, {
      hint: "nothing to do: it goes on where this one stopped",
    });
    this.#lost.abort(error);
    throw error;
  }

  /**
   * The fence: returns only while the lease is surely ours, renewing it when it is not fresh. Waits through an
   * outage up to the time allowed. Throws CancelledError LEASE_LOST, or TransientError after that time.
   */
  async ensureHeld(signal: AbortSignal): Promise<void> {
    const { clock, durationMs, timeoutMs } = this.#options;
    const since = clock.monotonic();
    for (;;) {
      this.lost.throwIfAborted();
      signal.throwIfAborted();
      if (clock.monotonic() - this.#renewedAt < durationMs / 2) return;
      try {
        await this.renew();
      } catch (error) {
        if (!(error instanceof TransientError) || clock.monotonic() - since > timeoutMs) throw error;
        await clock.sleep(Math.min(1000, durationMs / 6), signal);
      }
    }
  }

  /**
   * Stops renewing and frees the lease, if it still is ours; `answered` requests are removed. Gives up after a few
   * seconds: a builder that was told to stop has ten, and a lease that stays expires by itself. Never throws.
   */
  async release(answered: readonly string[] = []): Promise<void> {
    const { clock, log } = this.#options;
    this.#stopped.abort(new CancelledError("RELEASED", "the lease was released"));
    const freed = this.#free(answered).catch((error: unknown) =>
      log.warn({ err: error }, "the lease could not be freed; it expires by itself"),
    );
    await Promise.race([freed, clock.sleep(maxReleaseMs)]);
  }

  async #free(answered: readonly string[]): Promise<void> {
    await Promise.allSettled([this.#loop, this.#renewal]);
    const { store, identity } = this.#options;
    for (let tries = 1; tries <= maxReleaseTries; tries += 1) {
      if (this.lost.aborted || !this.#lease) return;
      const left = Object.entries(this.#lease.requests).filter(([kind]) => !answered.includes(kind));
      const free = {
        ...this.#lease,
        holder: undefined,
        purpose: undefined,
        requests: Object.fromEntries(left),
      };
      try {
        await store.write(free, this.#lease.version);
        return;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        const stored = await store.read();
        if (stored?.holder !== identity) return;
        this.#lease = stored;
      }
    }
  }
}
