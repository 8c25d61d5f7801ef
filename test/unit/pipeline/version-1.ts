/** States that version 1.0 has left (test/fixtures/version-1), planted in a world in memory. */
import { readFileSync } from "node:fs";
import { type ReadState, readState } from "../../../src/pipeline/state.ts";
import type { FakeWorld } from "../../fakes/world.ts";

export interface Sample {
  run: Record<string, unknown> & { release: string; dns: object; harvest: Record<string, object> };
  /** None where no run had ended yet. */
  history?: object;
  attachments: Record<string, unknown>;
}

export type SampleName = "mid-harvest" | "mid-swap" | "finished";

export function sampleOf(name: SampleName): Sample {
  const file = new URL(`../../fixtures/version-1/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Sample;
}

export const { signal } = new AbortController();

/** Stores what version 1.0 had stored, the data configuration beside it. */
export function plant(fake: FakeWorld, { run, history, attachments }: Sample): void {
  const texts = Object.entries(attachments).map(([name, value]) => [name, JSON.stringify(value)] as const);
  fake.store.document = undefined;
  fake.store.state = {
    ...{ run: JSON.stringify(run), attachments: new Map(texts) },
    ...(history && { history: JSON.stringify(history) }),
    ...{ document: Uint8Array.from(fake.data), version: fake.store.nextVersion() },
  };
}

export function read(fake: FakeWorld): Promise<ReadState> {
  return readState(fake.builder("reader-1").world, signal);
}
