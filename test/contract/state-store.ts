/** What every StateStore does; run by the fake that scenarios use and by the ConfigMap. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ConflictError } from "../../src/errors.ts";
import type { StateStore } from "../../src/pipeline/stores.ts";

export interface StateStoreBench {
  store: StateStore;
  /** A second builder's view of the same state. */
  other: StateStore;
  /** Removes what is stored, behind the stores' backs. */
  forget: () => Promise<void>;
  stop?: () => Promise<void>;
}

export function describeStateStore(name: string, makeBench: () => Promise<StateStoreBench>): void {
  describe(`${name} as a StateStore`, () => {
    let bench: StateStoreBench;
    beforeAll(async () => {
      bench = await makeBench();
    });
    beforeEach(() => bench.forget());
    afterAll(() => bench.stop?.());

    const bytes = (text: string) => Buffer.from(text);

    it("has nothing before the first save", async () => {
      expect(await bench.store.load()).toBeUndefined();
    });

    it("gives back what was saved, under the version that the save returned", async () => {
      const attachments = { data: Uint8Array.from([0, 255, 10, 13]), plan: bytes("ä") };
      const version = await bench.store.save({ run: { a: [1, null] }, history: [], attachments }, undefined);
      const stored = await bench.other.load();
      expect(stored).toMatchObject({ run: { a: [1, null] }, history: [], version });
      expect(Buffer.from(stored?.attachments.data ?? [])).toEqual(Buffer.from([0, 255, 10, 13]));
      expect(Object.keys(stored?.attachments ?? {}).toSorted()).toEqual(["data", "plan"]);
    });

    it("leaves what a save doesn't name, and removes attachments by null", async () => {
      const attachments = { one: bytes("1"), two: bytes("2") };
      const first = await bench.store.save({ run: { n: 1 }, history: ["h"], attachments }, undefined);
      const second = await bench.store.save({ run: { n: 2 }, attachments: { one: null } }, first);
      expect(second).not.toBe(first);
      const stored = await bench.store.load();
      expect(stored).toMatchObject({ run: { n: 2 }, history: ["h"], version: second });
      expect(Object.keys(stored?.attachments ?? {})).toEqual(["two"]);
    });

    it("replaces a document as a whole: keys that are gone stay gone", async () => {
      const version = await bench.store.save({ run: { kept: 1, dropped: { deep: 2 } } }, undefined);
      await bench.store.save({ run: { kept: 1 } }, version);
      expect((await bench.store.load())?.run).toEqual({ kept: 1 });
    });

    it("has no documents that were never saved", async () => {
      await bench.store.save({ history: [] }, undefined);
      expect((await bench.store.load())?.run).toBeUndefined();
    });

    it("refuses a save that is based on what somebody else has replaced", async () => {
      const version = await bench.store.save({ run: { by: "one" } }, undefined);
      await bench.other.save({ run: { by: "other" } }, version);
      await expect(bench.store.save({ run: { by: "one" } }, version)).rejects.toBeInstanceOf(ConflictError);
      expect((await bench.store.load())?.run).toEqual({ by: "other" });
    });

    it("refuses a first save where something is stored", async () => {
      await bench.other.save({ run: { by: "other" } }, undefined);
      await expect(bench.store.save({ run: {} }, undefined)).rejects.toBeInstanceOf(ConflictError);
    });

    it("refuses a save that is based on what somebody has removed", async () => {
      const version = await bench.store.save({ run: {} }, undefined);
      await bench.forget();
      await expect(bench.store.save({ run: {} }, version)).rejects.toBeInstanceOf(ConflictError);
      await bench.other.save({ run: { anew: true } }, undefined);
      await expect(bench.store.save({ run: {} }, version)).rejects.toBeInstanceOf(ConflictError);
    });

    it("lets exactly one of many at once win", async () => {
      const version = await bench.store.save({ run: { by: "nobody" } }, undefined);
      const outcomes = await Promise.allSettled(
        [0, 1, 2, 3, 4].map((by) => (by % 2 ? bench.store : bench.other).save({ run: { by } }, version)),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });
  });
}
