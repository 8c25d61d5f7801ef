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
  /** Puts a state there as version 1.0 kept it: the document beside the run. */
  plantOld: (state: { run: object; document: Uint8Array }) => Promise<void>;
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

    it("has nothing before the first save", async () => {
      expect(await bench.store.load()).toBeUndefined();
    });

    it("gives back what was saved, under the version that the save returned", async () => {
      const attachments = {
        jobs: [["job", 1, null], ["ä\n\u0000"]],
        timings: { constructor: [1.5] },
        none: [],
      };
      const version = await bench.store.save({ run: { a: [1, null] }, history: [], attachments }, undefined);
      const stored = await bench.other.load();
      expect(stored).toEqual({ run: { a: [1, null] }, history: [], attachments, unreadable: [], version });
    });

    it("leaves what a save doesn't name, and removes attachments by null", async () => {
      const attachments = { one: [1], two: "2" };
      const first = await bench.store.save({ run: { n: 1 }, history: ["h"], attachments }, undefined);
      const second = await bench.store.save({ run: { n: 2 }, attachments: { one: null } }, first);
      expect(second).not.toBe(first);
      const stored = await bench.store.load();
      expect(stored).toMatchObject({ run: { n: 2 }, history: ["h"], version: second });
      expect(stored?.attachments).toEqual({ two: "2" });
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

    describe("keeps the document apart", () => {
      const document = (first: number) => Uint8Array.from([first, 255, 10, 13, 0]);

      it("has none before it is saved", async () => {
        await bench.store.save({ run: {} }, undefined);
        expect(await bench.store.loadDocument(1)).toBeUndefined();
      });

      it("gives it back as it was saved last, whoever asks", async () => {
        await bench.store.saveDocument(document(0), 1);
        expect(Buffer.from((await bench.other.loadDocument(1)) ?? [])).toEqual(Buffer.from(document(0)));
        await bench.other.saveDocument(document(1), 1);
        expect(Buffer.from((await bench.store.loadDocument(1)) ?? [])).toEqual(Buffer.from(document(1)));
      });

      it("has a second place, for a run beside one whose own may still be needed", async () => {
        await bench.store.saveDocument(document(0), 1);
        expect(await bench.store.loadDocument(2)).toBeUndefined();
        await bench.store.saveDocument(document(1), 2);
        expect(Buffer.from((await bench.other.loadDocument(1)) ?? [])).toEqual(Buffer.from(document(0)));
        expect(Buffer.from((await bench.other.loadDocument(2)) ?? [])).toEqual(Buffer.from(document(1)));
      });

      it("touches neither the state nor its version", async () => {
        await bench.store.saveDocument(document(0), 1);
        expect(await bench.store.load()).toBeUndefined();
        const version = await bench.store.save({ run: { n: 1 } }, undefined);
        await bench.other.saveDocument(document(1), 1);
        const stored = { run: { n: 1 }, history: undefined, attachments: {}, unreadable: [], version };
        expect(await bench.store.load()).toEqual(stored);
        await bench.store.save({ run: { n: 2 } }, version);
      });

      it("reads the one that version 1.0 kept beside the run, and shows it as no attachment", async () => {
        await bench.plantOld({ run: { schemaVersion: 1 }, document: document(7) });
        expect(Buffer.from((await bench.store.loadDocument(1)) ?? [])).toEqual(Buffer.from(document(7)));
        const stored = await bench.store.load();
        expect(stored).toMatchObject({ run: { schemaVersion: 1 }, attachments: {}, unreadable: [] });
        await bench.store.saveDocument(document(8), 1);
        expect(Buffer.from((await bench.store.loadDocument(1)) ?? [])).toEqual(Buffer.from(document(8)));
      });

      it("drops the one of version 1.0 when it is told to", async () => {
        await bench.plantOld({ run: {}, document: document(7) });
        const { version } = (await bench.store.load()) ?? {};
        await bench.store.save({ run: {}, attachments: { data: null } }, version);
        expect(await bench.store.loadDocument(1)).toBeUndefined();
      });
    });
  });
}
