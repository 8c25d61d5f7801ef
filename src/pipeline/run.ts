/** The run that is being worked on: one object, which steps, endings and verbs take and nothing else. */
import type { Attachments } from "../domain/attachments.ts";
import {
  currentStep,
  type DocumentSlot,
  isOver,
  lastOpening,
  type RunState,
  type StepRecord,
  wasInstalled,
} from "../domain/run.ts";
import { addToHistory, type History } from "../domain/history.ts";
import { CheckpointError, TimeoutError, CancelledError } from "../errors.ts";
import type { NotificationEvent } from "../ports/notifier.ts";
import { Checkpoint } from "./checkpoint.ts";
import { timestamp } from "./clock.ts";
import { guardPorts, type Noticed } from "./guard.ts";
import type { Lock } from "./lock.ts";
import { claimsIn, requestFor, type OperatorRequest, type RequestKind } from "./requests.ts";
import type { Refusals } from "./retry.ts";
import type { ReadState } from "./state.ts";
import type { Log, Task } from "./task.ts";
import { waitFor } from "./wait.ts";
import { ask, retryOptions, type World } from "./world.ts";

interface Core {
  world: World;
  lock: Lock;
  checkpoint: Checkpoint;
  history: History;
  stepEnds: { step: string; result: string }[];
}

interface View {
  step?: string | undefined;
  signal: AbortSignal;
  refusals?: Refusals | undefined;
  noticed?: Noticed | undefined;
}

export interface OpenOptions {
  lock: Lock;
  /** What is stored; `run` is the one to work on, changed or new. */
  stored: ReadState & { run: RunState };
  signal: AbortSignal;
}

export class Run implements Task {
  readonly settings: Task["settings"];
  readonly ports: Task["ports"];
  readonly log: Log;
  readonly clock: Task["clock"];
  readonly signal: AbortSignal;
  readonly #core: Core;

  private constructor(core: Core, { step, signal, refusals, noticed }: View) {
    const { world, lock } = core;
    const options = { ...retryOptions(world, signal, step), refusals, noticed };
    this.#core = core;
    this.settings = world.settings;
    this.clock = world.clock;
    this.log = options.log;
    this.signal = signal;
    this.ports = guardPorts(world.ports, lock, options);
  }

  /** A handle on a run, for the holder of the lock; nothing is written yet. */
  static open(world: World, { lock, stored, signal }: OpenOptions): Run {
    const { run: state, attachments, version, history, stored: raw } = stored;
    const checkpoint = new Checkpoint({
      ...{ state, attachments, version, stored: raw, store: world.store },
      retry: retryOptions(world, signal),
      redact: world.redact,
      ensureHeld: (by) => lock.ensureHeld(by),
    });
    const own = { ...world, settings: pinnedSettings(world, state) };
    return new Run({ world: own, lock, checkpoint, history, stepEnds: [] }, { signal });
  }

  get world(): World {
    return this.#core.world;
  }

  /** Always as last saved; nobody keeps a copy over a save. */
  get state(): RunState {
    return this.#core.checkpoint.state;
  }

  get attachments(): Attachments {
    return this.#core.checkpoint.attachments;
  }

  get history(): History {
    return this.#core.history;
  }

  /** The steps that this builder has brought to an end, for the metrics. */
  get stepEnds(): Core["stepEnds"] {
    return this.#core.stepEnds;
  }

  /** The same run for the work of one step; with another signal where that is not to be stopped with the rest. */
  at(step: string, { signal = this.signal, refusals, noticed }: Partial<View> = {}): Run {
    return new Run(this.#core, { step, signal, refusals, noticed });
  }

  /** Writes a part of the state down now: the intent before an outside effect, the result after it. */
  async save(state: Partial<RunState>, attachments?: Partial<Attachments>): Promise<void> {
    await this.#core.checkpoint.write({ state, attachments }, this.signal);
  }

  /** Writes the run for the first time; the named attachments of an earlier one go. */
  begin(attachments: Partial<Attachments>, dropped: readonly string[]): Promise<void> {
    return this.#core.checkpoint.write({ attachments, dropped }, this.signal);
  }

  /** Ends the run: phase, history and what is kept of it in one write. */
  async close(ended: Partial<RunState>, attachments: Partial<Attachments>): Promise<void> {
    this.#core.history = addToHistory(this.history, { ...this.state, ...ended });
    await this.#core.checkpoint.write({ state: ended, attachments, history: this.history }, this.signal);
  }

  /** The record of a step; every step of the pipeline has one. */
  stepRecord(name: string): StepRecord {
    const record = this.state.steps.find((step) => step.name === name);
    if (!record) throw new CheckpointError("STATE_STEPS", `the stored run knows no step "${name}"`);
    return record;
  }

  /** The data configuration that the run is pinned to, as it was fetched. Throws CheckpointError when it is gone. */
  async document(): Promise<Uint8Array> {
    const { documentSlot = 1 } = this.state;
    const document = await ask(this.world, () => this.world.store.loadDocument(documentSlot), this.signal);
    if (document) return document;
    throw new CheckpointError("STATE_DATA", "the data configuration kept with the run is missing");
  }

  /** Keeps the data configuration where it displaces none that an earlier run may still need; returns the place. */
  async saveDocument(document: Uint8Array): Promise<DocumentSlot> {
    const { displaced } = this.attachments;
    const slot = displaced && (displaced.run.documentSlot ?? 1) === 1 ? 2 : 1;
    await this.#core.lock.ensureHeld(this.signal);
    await ask(this.world, () => this.world.store.saveDocument(document, slot), this.signal);
    return slot;
  }

  /** A run that has ended before it installed anything gives its place back to the one before: it stays in the history. */
  async giveWay(): Promise<void> {
    const { displaced } = this.attachments;
    if (!displaced || !isOver(this.state.phase) || wasInstalled(this.state)) return;
    const attachments = { jobs: displaced.jobs, displaced: null };
    await this.#core.checkpoint.write({ instead: displaced.run, attachments }, this.signal);
  }

  /** What an operator has asked of this run since it was last opened, as the last renewal of the Lease brought it. */
  request(kind: RequestKind): OperatorRequest | undefined {
    const request = requestFor(this.#core.lock.requests, kind, this.state.runId);
    return request && request.at >= (lastOpening(this.state)?.at ?? "") ? request : undefined;
  }

  /** Waits until no verb beside this builder holds a claim. Called before a swap and before a deletion. */
  async waitForClaims(): Promise<void> {
    const { lock } = this.#core;
    const seen = new Map<string, number>();
    await waitFor(
      {
        code: "VERB_GOES_ON",
        what: "a verb beside this builder has not ended",
        timeoutMs: 3 * this.settings.deleteTimeoutMs,
        look: async () => {
          await ask(this.world, () => lock.renew(), this.signal);
          // A claim that is no longer renewed has been left by a verb that was killed.
          const fresh = claimsIn(lock.requests).find((claim) => {
            const key = JSON.stringify(claim);
            const since = seen.get(key) ?? this.clock.monotonic();
            seen.set(key, since);
            return this.clock.monotonic() - since < claim.durationMs;
          });
          return fresh ? { seen: `waiting until ${fresh.verb} has ended (${fresh.by})` } : { done: true };
        },
      },
      this,
    ).catch((error: unknown) => {
      throw error instanceof TimeoutError ? new CancelledError(error.code, error.message) : error;
    });
  }

  /**
   * Tells the webhook of an event, once over all builders. It is written down before it is sent: a message can't be
   * recognised from outside, so a crash in between loses it rather than sending it twice.
   */
  async notify(event: NotificationEvent, text: string): Promise<void> {
    const { notified = [], environment, runId, release } = this.state;
    if (notified.includes(event)) return;
    await this.save({ notified: [...notified, event] });
    const time = timestamp(this.clock);
    await this.ports.notifier.notify({ event, environment, runId, release, text, time });
  }

  /** Writes a Kubernetes Event; never fails. */
  announce(type: "Normal" | "Warning", reason: string, message: string): Promise<void> {
    return this.#core.world.ports.notifier.announce({ type, reason, message });
  }

  /** The name of the step that the run is at. */
  get stepName(): string {
    return currentStep(this.state)?.name ?? "its end";
  }
}

/**
 * The settings with the public names and job lists that the run has pinned, whatever they say now: half of the names may
 * have been moved by them, and half of the harvest started.
 */
export function pinnedSettings({ settings, log }: World, { runId, pinned }: RunState): World["settings"] {
  if (!pinned) return settings;
  const differs = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other);
  const changed = [
    ...(differs(settings.mappings, pinned.mappings) ? ["the dns mappings"] : []),
    ...(differs(settings.jobLists, pinned.jobLists) ? ["JOB_LIST"] : []),
  ];
  if (changed.length > 0) {
    const what = `${changed.join(" and ")} changed since run ${runId} began`;
    log().warn({}, `${what}: it keeps the old values, the next run takes the new ones`);
  }
  return { ...settings, ...pinned };
}
