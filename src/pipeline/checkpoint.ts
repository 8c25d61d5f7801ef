/**
 * The checkpoint: the run as it is remembered. Every write is conditional; who else may have written is found out
 * on a conflict, never overwritten.
 */
import { CheckpointError, ConflictError } from "../errors.ts";
import { patiently, type Patience } from "./patience.ts";
import type { Phase, RunDocument, RunHeader, StepRecord } from "./run-document.ts";
import type { StateChange, StateStore } from "./stores.ts";

export interface CheckpointOptions<S> {
  store: StateStore;
  patience: Patience;
  /** The run to keep; what is stored when `version` is given. */
  run: RunDocument<S>;
  version: string | undefined;
  attachments: Record<string, Uint8Array>;
  /** Throws when this builder may no longer write (the Lease was lost). */
  ensureHeld: () => Promise<void>;
}

export class Checkpoint<S extends object> {
  readonly #options: CheckpointOptions<S>;
  #run: RunDocument<S>;
  #stored: string;
  #version: string | undefined;
  #attachments: Record<string, Uint8Array>;
  #queue: Promise<unknown> = Promise.resolve();
  #isOurs = false;

  constructor(options: CheckpointOptions<S>) {
    this.#options = options;
    this.#run = options.run;
    this.#stored = JSON.stringify(options.run);
    this.#version = options.version;
    this.#attachments = options.attachments;
  }

  get run(): Readonly<RunDocument<S>> {
    return this.#run;
  }

  /** The record of a step; every step of the pipeline has one. */
  step(name: string): StepRecord {
    const record = this.#run.steps.find((step) => step.name === name);
    if (!record) throw new CheckpointError("STATE_STEPS", `the stored run knows no step "${name}"`);
    return record;
  }

  /** Writes the run for the first time; the named attachments of an earlier run go. */
  async begin(drop: readonly string[], signal: AbortSignal): Promise<void> {
    const stale = drop.filter((name) => name in this.#attachments);
    this.#attachments = Object.fromEntries(
      Object.entries(this.#attachments).filter(([name]) => !stale.includes(name)),
    );
    await this.#write({ attachments: Object.fromEntries(stale.map((name) => [name, null])) }, signal);
  }

  /** Keeps bytes with the run, together with a part of the state, in one write. */
  async attach(name: string, bytes: Uint8Array, signal: AbortSignal, patch: Partial<S> = {}): Promise<void> {
    this.#attachments = { ...this.#attachments, [name]: bytes };
    this.#run = { ...this.#run, ...patch };
    await this.#write({ attachments: { [name]: bytes } }, signal);
  }

  attachment(name: string): Uint8Array | undefined {
    return this.#attachments[name];
  }

  /** Merges a part of the state and writes it. */
  async save(patch: Partial<S>, signal: AbortSignal): Promise<void> {
    this.#run = { ...this.#run, ...patch };
    await this.#write({}, signal);
  }

  /** Changes a step's record, together with a part of the state, in one write. */
  async saveStep(
    name: string,
    change: Partial<StepRecord>,
    signal: AbortSignal,
    patch: Partial<S> = {},
  ): Promise<void> {
    const steps = this.#run.steps.map((step) => (step.name === name ? { ...step, ...change } : step));
    this.#run = { ...this.#run, ...patch, steps };
    await this.#write({}, signal);
  }

  /** Goes back: all these steps are to be done again. In one write: after half of it a step whose work is gone is skipped. */
  async goBack(names: readonly string[], signal: AbortSignal, patch: Partial<S> = {}): Promise<void> {
    const again = (step: StepRecord): StepRecord =>
      names.includes(step.name) ? { ...step, status: "pending" } : step;
    this.#run = { ...this.#run, ...patch, steps: this.#run.steps.map(again) };
    await this.#write({}, signal);
  }

  /** Ends or suspends the run; with the history that goes with it, in one write. */
  async setPhase(
    phase: Phase,
    signal: AbortSignal,
    more: Partial<RunHeader> = {},
    history?: unknown,
  ): Promise<void> {
    this.#run = { ...this.#run, ...more, phase };
    await this.#write(history === undefined ? {} : { history }, signal);
  }

  /** Writes are one after the other: a step's own save and the engine's never cross. */
  #write(more: StateChange, signal: AbortSignal): Promise<void> {
    const next = this.#queue.catch(() => undefined).then(() => this.#writeNow(more, signal));
    this.#queue = next;
    return next;
  }

  async #writeNow(more: StateChange, signal: AbortSignal): Promise<void> {
    const { store, patience, ensureHeld } = this.#options;
    const text = JSON.stringify(this.#run);
    // What is stored may have been read in a sleep's wake, long after the Lease was another's. From the first write on
    // a conflict tells.
    if (!this.#isOurs) await ensureHeld();
    this.#isOurs = true;
    for (;;) {
      const first = this.#version === undefined;
      const change = {
        ...more,
        run: this.#run,
        ...(first ? { attachments: this.#attachments } : {}),
      };
      try {
        this.#version = await patiently(() => store.save(change, this.#version), patience, signal);
        this.#stored = text;
        return;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        await this.#settleConflict(text, signal);
      }
    }
  }

  /** After a conflict: finds out whether the stored run is still ours, and bases the next write on it. */
  async #settleConflict(intended: string, signal: AbortSignal): Promise<void> {
    const { store, patience, ensureHeld } = this.#options;
    await ensureHeld();
    const stored = await patiently(() => store.load(), patience, signal);
    if (!stored) {
      patience.log.warn({}, "the state ConfigMap is gone; writing it anew");
      this.#version = undefined;
      return;
    }
    const theirs = JSON.stringify(stored.run);
    if (theirs !== this.#stored && theirs !== intended && stored.run !== undefined) {
      throw new CheckpointError(
        "STATE_CHANGED",
        "the stored run was changed by somebody else while this builder worked",
        {
          hint: "look at it, then start again: the next builder goes on from what is stored",
        },
      );
    }
    this.#version = stored.version;
  }
}
