/** What every LeaseStore does; run by the fake that scenarios use and by the Lease. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ConflictError } from "../../src/errors.ts";
import type { LeaseRecord, LeaseStore } from "../../src/pipeline/stores.ts";

export interface LeaseStoreBench {
  store: LeaseStore;
  /** A second builder's view of the same lock. */
  other: LeaseStore;
  /** Removes the lock, behind the stores' backs. */
  forget: () => Promise<void>;
  /** Puts a pod of this name beside the lock, or takes it away. */
  pod: (name: string, state: "running" | "finished" | "gone") => Promise<void>;
  stop?: () => Promise<void>;
}

const held: LeaseRecord = {
  holder: "builder-1",
  renewedAt: Date.UTC(2026, 10, 22, 12, 0, 0, 123),
  acquiredAt: Date.UTC(2026, 10, 22, 11, 0, 0, 7),
  durationMs: 90_000,
  transitions: 3,
  requests: {},
};
const free: LeaseRecord = { ...held, holder: undefined, renewedAt: undefined, acquiredAt: undefined };

export function describeLeaseStore(name: string, makeBench: () => Promise<LeaseStoreBench>): void {
  describe(`${name} as a LeaseStore`, () => {
    let bench: LeaseStoreBench;
    beforeAll(async () => {
      bench = await makeBench();
    });
    beforeEach(() => bench.forget());
    afterAll(() => bench.stop?.());

    it("has nothing before the first write", async () => {
      expect(await bench.store.read()).toBeUndefined();
    });

    it("gives back what was written, to the millisecond", async () => {
      const written = await bench.store.write({ ...held, requests: { abort: "by x" } }, undefined);
      expect(written).toEqual({ ...held, requests: { abort: "by x" }, version: written.version });
      expect(await bench.other.read()).toEqual(written);
    });

    it.each([1500, 300, 90_000, 90_001])("keeps a duration of %d ms", async (durationMs) => {
      const first = await bench.store.write({ ...held, durationMs: 1700 }, undefined);
      const { version } = await bench.store.write({ ...held, durationMs }, first.version);
      expect(await bench.other.read()).toEqual({ ...held, durationMs, version });
    });

    it("has no holder once it is given up, and none from the start", async () => {
      const first = await bench.store.write(free, undefined);
      expect(first).toEqual({ ...free, version: first.version });
      const taken = await bench.store.write(held, first.version);
      const given = await bench.store.write(free, taken.version);
      expect(await bench.other.read()).toEqual({ ...free, version: given.version });
    });

    it("knows what its holder does while that is not a run", async () => {
      const first = await bench.store.write({ ...held, purpose: "cleanup" }, undefined);
      expect((await bench.other.read())?.purpose).toBe("cleanup");
      const { version } = await bench.store.write(held, first.version);
      expect(await bench.other.read()).toEqual({ ...held, version });
    });

    it("adds and removes requests one by one", async () => {
      const one = await bench.store.write({ ...held, requests: { abort: "a", approve: "b" } }, undefined);
      const two = await bench.store.write({ ...held, requests: { approve: "c" } }, one.version);
      expect(two.requests).toEqual({ approve: "c" });
      const theirs = await bench.other.read();
      await bench.other.write({ ...held, requests: {} }, theirs?.version);
      expect((await bench.store.read())?.requests).toEqual({});
    });

    it("refuses a write that is based on what somebody else has replaced", async () => {
      const { version } = await bench.store.write(held, undefined);
      await bench.other.write({ ...held, holder: "builder-2" }, version);
      await expect(bench.store.write(held, version)).rejects.toBeInstanceOf(ConflictError);
      await expect(bench.store.write(held, undefined)).rejects.toBeInstanceOf(ConflictError);
      expect((await bench.store.read())?.holder).toBe("builder-2");
    });

    it("refuses a write that is based on what somebody has removed", async () => {
      const { version } = await bench.store.write(held, undefined);
      await bench.forget();
      await expect(bench.store.write(held, version)).rejects.toBeInstanceOf(ConflictError);
    });

    it("lets exactly one of many at once win", async () => {
      const { version } = await bench.store.write(free, undefined);
      const outcomes = await Promise.allSettled(
        [0, 1, 2, 3, 4].map((by) =>
          (by % 2 ? bench.store : bench.other).write({ ...held, holder: `builder-${by}` }, version),
        ),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    it("knows whether the holder's pod lives", async () => {
      const lives = () => bench.store.holderLives({ ...held, holder: "builder-pod" });
      await bench.pod("builder-pod", "gone");
      expect(await lives()).toBe(false);
      await bench.pod("builder-pod", "running");
      expect(await lives()).toBe(true);
      await bench.pod("builder-pod", "finished");
      expect(await lives()).toBe(false);
      await bench.pod("builder-pod", "gone");
    });

    it("can't tell for a process of another host, and says no where there is no holder", async () => {
      expect(await bench.store.holderLives({ ...held, holder: "elsewhere.example_12" })).toBeUndefined();
      expect(await bench.store.holderLives(free)).toBe(false);
    });
  });
}
