/** A small world for the engine's parts: virtual time, a state in memory, a silent log. */
import { emptyHistory } from "../../../src/domain/history.ts";
import { type RunState, schemaVersion } from "../../../src/domain/run.ts";
import { Checkpoint } from "../../../src/pipeline/checkpoint.ts";
import { Lock } from "../../../src/pipeline/lock.ts";
import { Run } from "../../../src/pipeline/run.ts";
import { noAttachments } from "../../../src/pipeline/state.ts";
import type { Log } from "../../../src/pipeline/task.ts";
import { createFakeLeaseStore, createFakeStateStore } from "../../fakes/stores.ts";
import { createFakeWorld } from "../../fakes/world.ts";

export const durationMs = 90_000;

export function bench(
  stepNames: readonly string[] = ["one", "two", "three"],
  redact = (text: string) => text,
) {
  const fake = createFakeWorld({ settings: { RETRY_TIMEOUT: "1m" } });
  const { clock, store: model } = fake;
  const lines: string[] = [];
  const say = (_: object, message: string) => void lines.push(message);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const store = createFakeStateStore(model);
  const leases = createFakeLeaseStore(model);
  const state: RunState = {
    ...{ schemaVersion, runId: "r", environment: "prod", release: "prod-aaaaa" },
    phase: "running",
    startedAt: "2026-11-22T12:00:00.000Z",
    builders: [],
    steps: stepNames.map((name) => ({ name, status: "pending", attempts: 0 })),
  };
  const { signal } = new AbortController();
  const options = { clock, log, timeoutMs: 60_000, signal };
  const checkpoint = (ensureHeld: () => Promise<void> = async () => undefined) =>
    new Checkpoint({
      ...{ store, state, stored: undefined, version: undefined, attachments: noAttachments, ensureHeld },
      retry: options,
      redact,
    });
  const lock = (identity: string) => {
    model.pods.set(identity, "running");
    return new Lock({ store: leases, clock, log, identity, durationMs, timeoutMs: 600_000 });
  };
  /** A run whose lock is held. */
  const open = async (by: AbortSignal = signal): Promise<Run> => {
    const held = lock("one");
    await held.acquire(signal);
    const world = { ...fake.builder("one").world, store, leases, log: () => log, clock };
    const stored = { run: state, stored: undefined, version: undefined, history: emptyHistory };
    return Run.open(world, { lock: held, signal: by, stored: { ...stored, attachments: noAttachments } });
  };
  return { fake, clock, model, lines, log, store, leases, options, signal, checkpoint, lock, open, state };
}
