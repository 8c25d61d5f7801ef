/**
 * One builder at a time: a lease that is renewed while its holder lives, and that fences every outside effect.
 * Model: client-go's leader election, with one difference: a holder known to be dead is succeeded at once.
 */
import { CancelledError, ConflictError, TransientError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { LeaseRecord, LeaseStore, VersionedLease } from "./stores.ts";

export interface LockOptions {
  store: LeaseStore;
  clock: Clock;
  log: Log;
  /** Pod name, or host name and process id. */
  identity: string;
  durationMs: number;
  /** How long the store may be away before the holder gives up. */
  budgetMs: number;
  /** The verb, when it is not a run that is carried out under the lock: others wait for it instead of joining. */
  purpose?: string | undefined;
}

export type Acquired =
  | { kind: "held"; previousHolder: string | undefined; lastSeen: number | undefined }
  | { kind: "busy"; holder: string; purpose: string | undefined };

const longestGoodbyeMs = 4_000;

export class Lock {
  readonly #options: LockOptions;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  readonly #listeners: ((requests: Record<string, string>) => void)[] = [];
  #lease: VersionedLease | undefined;
  #renewedAt = 0;
  #renewal: Promise<void> | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: LockOptions) {
    this.#options = options;
  }

  /** Aborted when the lease was lost, or could not be renewed for longer than the budget. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** What operators asked of the builder, as last seen. */
  get requests(): Readonly<Record<string, string>> {
    return this.#lease?.requests ?? {};
  }

  /** Calls back with the requests whenever a renewal brings them. */
  onRequests(listener: (requests: Record<string, string>) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes the lease, or finds that another builder holds and renews it. Watches a holder whose life can't be told
   * until it either renews or lets the lease expire: a dead builder is never joined.
   */
  async acquire(signal: AbortSignal): Promise<Acquired> {
    const { store, clock, log, identity } = this.#options;
    let first: VersionedLease | undefined;
    let watchedSince = clock.now();
    for (;;) {
      const lease = await store.read();
      const holder = lease?.holder;
      const lives =
        lease && holder !== undefined && holder !== identity ? await store.holderLives(lease) : false;
      if (lives === false || !lease) {
        const taken = await this.#tryTake(lease);
        if (taken) return taken;
        continue;
      }
      if (first?.holder !== holder) {
        first = lease;
        watchedSince = clock.now();
        const seconds = Math.ceil(lease.durationMs / 1000);
        const who = holder ?? "another builder";
        log.info({}, `${who} seems to be at work; looking for a sign of life, for at most ${seconds}s`);
      }
      if (lease.renewedAt !== first?.renewedAt)
        return { kind: "busy", holder: holder ?? "", purpose: lease.purpose };
      if (this.#expired(lease, clock.now() - watchedSince)) {
        const taken = await this.#tryTake(lease);
        if (taken) return taken;
        continue;
      }
      await clock.sleep(Math.min(1000, lease.durationMs / 10), signal);
    }
  }

  /**
   * Expired: its time is over by the clock AND nothing was renewed during a whole renewal interval that we watched.
   * The second half keeps a builder whose own clock is wrong from succeeding a living one.
   */
  #expired(lease: LeaseRecord, watchedMs: number): boolean {
    if (watchedMs >= lease.durationMs) return true;
    const overdue = (lease.renewedAt ?? 0) + lease.durationMs < this.#options.clock.now();
    return overdue && watchedMs > lease.durationMs / 2;
  }

  async #tryTake(current: VersionedLease | undefined): Promise<Acquired | undefined> {
    const { store, clock, identity, durationMs, purpose } = this.#options;
    const now = clock.now();
    const next: LeaseRecord = {
      holder: identity,
      renewedAt: now,
      acquiredAt: now,
      durationMs,
      transitions: (current?.transitions ?? -1) + 1,
      requests: current?.requests ?? {},
      purpose,
    };
    try {
      this.#lease = await store.write(next, current?.version);
      this.#renewedAt = now;
      return { kind: "held", previousHolder: current?.holder, lastSeen: current?.renewedAt };
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
    const { clock, durationMs, budgetMs, log } = this.#options;
    const signal = this.#stopped.signal;
    while (!this.#isOver()) {
      try {
        await clock.sleep(durationMs / 3, signal);
        await this.#renew();
      } catch (error) {
        if (this.#isOver()) return;
        log.debug({ err: error }, "the lease could not be renewed");
        if (clock.now() - this.#renewedAt > budgetMs + durationMs) this.#lost.abort(error);
      }
    }
  }

  #isOver(): boolean {
    return this.#stopped.signal.aborted || this.lost.aborted;
  }

  /** One renewal at a time; requests that operators left meanwhile are taken over and reported. */
  #renew(): Promise<void> {
    this.#renewal ??= this.#renewNow().finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  async #renewNow(): Promise<void> {
    const { store, clock, identity } = this.#options;
    for (;;) {
      const now = clock.now();
      const mine = this.#lease;
      if (!mine) throw new TypeError("renewed before it was acquired");
      try {
        this.#adopt(await store.write({ ...mine, holder: identity, renewedAt: now }, mine.version), now);
        return;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        const stored = await store.read();
        if (stored && stored.holder !== identity) this.#lose(stored.holder);
        if (stored) this.#lease = stored;
        else await this.#recreate(mine);
      }
    }
  }

  /** Somebody deleted the lease by hand: whoever writes it first holds it. */
  async #recreate(mine: LeaseRecord): Promise<void> {
    this.#options.log.warn({}, "the lease was deleted by somebody; taking it again");
    try {
      this.#lease = await this.#options.store.write(mine, undefined);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      const stored = await this.#options.store.read();
      if (stored?.holder !== this.#options.identity) this.#lose(stored?.holder);
    }
  }

  #adopt(lease: VersionedLease, now: number): void {
    this.#lease = lease;
    this.#renewedAt = now;
    for (const listener of this.#listeners) listener(lease.requests);
  }

  #lose(holder: string | undefined): never {
    const error = new CancelledError(
      "LEASE_LOST",
      `another builder (${holder ?? "unknown"}) has taken over this run`,
      {
        hint: "nothing to do: it goes on where this one stopped",
      },
    );
    this.#lost.abort(error);
    throw error;
  }

  /**
   * The fence: returns only while the lease is surely ours, renewing it when it is not fresh. Waits through an
   * outage up to the budget. Throws CancelledError LEASE_LOST, or TransientError after the budget.
   */
  async ensureHeld(signal: AbortSignal): Promise<void> {
    const { clock, durationMs, budgetMs } = this.#options;
    const since = clock.now();
    for (;;) {
      this.lost.throwIfAborted();
      signal.throwIfAborted();
      if (clock.now() - this.#renewedAt < durationMs / 2) return;
      try {
        await this.#renew();
      } catch (error) {
        if (!(error instanceof TransientError) || clock.now() - since > budgetMs) throw error;
        await clock.sleep(Math.min(1000, durationMs / 6), signal);
      }
    }
  }

  /**
   * Stops renewing and frees the lease, if it still is ours; `answered` requests are removed. Gives up after a few
   * seconds: a builder that was told to stop has ten, and a lease that stays expires by itself.
   */
  async release(answered: readonly string[] = []): Promise<void> {
    this.#stopped.abort(new CancelledError("RELEASED", "the lease was released"));
    await Promise.race([this.#free(answered), this.#options.clock.sleep(longestGoodbyeMs)]);
  }

  async #free(answered: readonly string[]): Promise<void> {
    await Promise.allSettled([this.#loop, this.#renewal]);
    if (this.lost.aborted || !this.#lease) return;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const requests = Object.fromEntries(
        Object.entries(this.#lease.requests).filter(([kind]) => !answered.includes(kind)),
      );
      try {
        const free = { ...this.#lease, holder: undefined, purpose: undefined, requests };
        await this.#options.store.write(free, this.#lease.version);
        return;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        const stored = await this.#options.store.read();
        if (stored?.holder !== this.#options.identity) return;
        this.#lease = stored;
      }
    }
  }
}
