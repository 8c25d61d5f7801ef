/**
 * The checkpoint: the run as it is remembered. Every write is conditional; who else may have written is found out
 * on a conflict, never overwritten.
 */
import type { Attachments } from "../domain/attachments.ts";
import type { RunState } from "../domain/run.ts";
import { mapSaid } from "../domain/said.ts";
import { CheckpointError, ConflictError } from "../errors.ts";
import { afterConflict, retry, type RetryOptions } from "./retry.ts";
import { packed } from "./state.ts";
import type { StateStore } from "./stores.ts";

export interface CheckpointOptions {
  store: StateStore;
  retry: Omit<RetryOptions, "signal">;
  /** The run to keep. */
  state: RunState;
  /** What is stored when `version` is given, as it was read. */
  stored: unknown;
  version: string | undefined;
  attachments: Attachments;
  /** Makes words from outside safe to keep. */
  redact: (text: string) => string;
  /** Throws when this builder may no longer write (the Lease was lost). */
  ensureHeld: (signal: AbortSignal) => Promise<void>;
}

/** What one write changes: parts of the run, attachments as a whole (null: dropped, also those of earlier versions), the history. */
export interface Change {
  state?: Partial<RunState>;
  attachments?: Partial<Attachments> | undefined;
  dropped?: readonly string[];
  history?: unknown;
  /** Another run that is stored in place of this one, which has ended: the last write. */
  instead?: RunState;
}

export class Checkpoint {
  readonly #options: CheckpointOptions;
  #state: RunState;
  #attachments: Attachments;
  #stored: string;
  #version: string | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #isOurs = false;

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#attachments = options.attachments;
    this.#stored = JSON.stringify(options.stored);
    this.#version = options.version;
  }

  get state(): RunState {
    return this.#state;
  }

  get attachments(): Attachments {
    return this.#attachments;
  }

  /**
   * Merges the change and writes it at once; one write after the other: a step's own and the engine's never cross. Secrets
   * are left out of it first: what is remembered is what is stored.
   */
  write(given: Change, signal: AbortSignal): Promise<void> {
    const change = mapSaid(given, this.#options.redact);
    this.#state = { ...this.#state, ...change.state };
    this.#attachments = { ...this.#attachments, ...change.attachments };
    const next = this.#queue.catch(() => undefined).then(() => this.#writeNow(change, signal));
    this.#queue = next;
    return next;
  }

  async #writeNow(
    { attachments = {}, dropped = [], history, instead }: Change,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, ensureHeld } = this.#options;
    const run = instead ?? this.#state;
    const text = JSON.stringify(run);
    // The state may have been read after a suspension, long after another builder took the Lease. From the first write on
    // a conflict shows that.
    if (!this.#isOurs) await ensureHeld(signal);
    this.#isOurs = true;
    const gone = Object.fromEntries(dropped.map((name) => [name, null]));
    const pause = afterConflict("the state", { ...this.#options.retry, signal });
    for (;;) {
      const kept = packed(this.#version === undefined ? this.#attachments : { ...gone, ...attachments });
      const change = { run, attachments: kept, ...(history !== undefined && { history }) };
      try {
        this.#version = await this.#ask(() => store.save(change, this.#version), signal);
        this.#stored = text;
        return;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        await this.#settleConflict(text, signal);
        await pause();
      }
    }
  }

  #ask<T>(question: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return retry(question, { ...this.#options.retry, signal });
  }

  /** After a conflict: finds out whether the stored run is still ours, and bases the next write on it. */
  async #settleConflict(intended: string, signal: AbortSignal): Promise<void> {
    const {
      store,
      retry: { log },
      ensureHeld,
    } = this.#options;
    await ensureHeld(signal);
    const stored = await this.#ask(() => store.load(), signal);
    if (!stored) {
      log.warn({}, "the state ConfigMap is gone; creating it again");
      this.#version = undefined;
      return;
    }
    const theirs = JSON.stringify(stored.run);
    if (theirs !== this.#stored && theirs !== intended && stored.run !== undefined) {
      const message = "the stored run was changed by somebody else while this builder worked";
      const hint = "look at it, then start again: the next builder goes on from what is stored";
      throw new CheckpointError("STATE_CHANGED", message, { hint });
    }
    this.#version = stored.version;
  }
}
