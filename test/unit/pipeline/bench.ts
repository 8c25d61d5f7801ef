/** A small world for the engine's parts: virtual time, a state in memory, a silent log. */
import { Checkpoint } from "../../../src/pipeline/checkpoint.ts";
import type { Log } from "../../../src/pipeline/log.ts";
import type { RunDocument } from "../../../src/pipeline/run-document.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { createFakeLeaseStore, createFakeStateStore, StoreModel } from "../../fakes/stores.ts";

export interface Notes {
  note?: string;
  other?: number;
}

export function bench(stepNames: readonly string[] = ["one", "two", "three"]) {
  const clock = new FakeClock({ start: Date.UTC(2026, 10, 22, 12) });
  const model = new StoreModel();
  const lines: string[] = [];
  const say = (_: object, message: string) => void lines.push(message);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const store = createFakeStateStore(model);
  const run: RunDocument<Notes> = {
    schemaVersion: 1,
    runId: "r",
    phase: "running",
    startedAt: "2026-11-22T12:00:00.000Z",
    builders: [],
    steps: stepNames.map((name) => ({ name, status: "pending", attempts: 0 })),
  };
  const patience = { clock, log, budgetMs: 60_000 };
  const signal = new AbortController().signal;
  const checkpoint = (ensureHeld: () => Promise<void> = async () => undefined) =>
    new Checkpoint<Notes>({ store, patience, run, version: undefined, attachments: {}, ensureHeld });
  return {
    clock,
    model,
    lines,
    log,
    store,
    leases: createFakeLeaseStore(model),
    patience,
    signal,
    checkpoint,
    run,
  };
}
